//! Writes and reads Temporal's messages as [canonical protobuf JSON](https://protobuf.dev/programming-guides/json/), as
//! its command line and HTTP API do. The SDK's own serde output differs: enums are numbers, keys have two
//! styles.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions, Value,
};
use serde::Deserialize;
use serde::ser::Error as _;
use serde_json::{Error, Value as Json};
use temporalio_common::protos::temporal::api::history::v1::{History, HistoryEvent};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeWorkflowExecutionResponse;
use workflow_api::RawJson;

/// Returns Temporal's description of a run, and nothing else: `temporal workflow describe -o json` adds
/// `closeEvent` and `result`, and shortens memos without `--no-json-shorthand-payloads`.
///
/// # Errors
/// Returns an error if a time in it lies outside the years 1 to 9999, for which protobuf has no JSON.
pub fn description(description: &DescribeWorkflowExecutionResponse) -> Result<RawJson, Error> {
    static TYPE: LazyLock<MessageDescriptor> =
        LazyLock::new(|| descriptor("temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse"));
    json(&TYPE, description)
}

/// Returns an event of a history, as `temporal workflow show -o json` prints it.
///
/// # Errors
/// Returns an error if a time in it lies outside the years 1 to 9999, for which protobuf has no JSON.
pub fn event(event: &HistoryEvent) -> Result<RawJson, Error> {
    json(event_descriptor(), event)
}

/// Reads a history, as `temporal workflow show -o json` prints it, or as a status of the bridge has it. Fields and
/// enum values of a newer Temporal are left out.
///
/// # Errors
/// Returns an error if it is not JSON, or not of this form.
pub fn history(json: &[u8]) -> Result<History, Error> {
    #[derive(Deserialize)]
    struct Document {
        #[serde(alias = "workflowHistory")]
        events: Vec<Json>,
    }

    let options = DeserializeOptions::new().deny_unknown_fields(false);
    let event = |json| {
        let message = DynamicMessage::deserialize_with_options(event_descriptor().clone(), json, &options)?;
        message.transcode_to().map_err(Error::custom)
    };
    let document: Document = serde_json::from_slice(json)?;
    Ok(History { events: document.events.into_iter().map(event).collect::<Result<_, Error>>()? })
}

fn event_descriptor() -> &'static MessageDescriptor {
    static TYPE: LazyLock<MessageDescriptor> =
        LazyLock::new(|| descriptor("temporal.api.history.v1.HistoryEvent"));
    &TYPE
}

fn descriptor(name: &str) -> MessageDescriptor {
    static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
        DescriptorPool::decode(include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin")).as_slice())
            .expect("the build made these descriptors")
    });
    POOL.get_message_by_name(name).expect("Temporal's descriptors have this type")
}

fn json(descriptor: &MessageDescriptor, message: &impl Message) -> Result<RawJson, Error> {
    let message = DynamicMessage::decode(descriptor.clone(), message.encode_to_vec().as_slice())
        .map_err(Error::custom)?;
    let mut json = message.serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new())?;
    mend(&mut json, &Value::Message(message));
    RawJson::of(&json)
}

/// Corrects two things in the library's output. Its maps have a random order; equal messages must give equal
/// text. And `serde_json` converts 32-bit floats to 64-bit ones, which adds digits: 0.1 would be
/// 0.10000000149011612.
fn mend(json: &mut Json, value: &Value) {
    match (json, value) {
        (json @ Json::Number(_), Value::F32(float)) => {
            *json = float.to_string().parse::<f64>().map_or(Json::Null, Json::from);
        }
        (Json::Array(items), Value::List(values)) => {
            items.iter_mut().zip(values).for_each(|(item, value)| mend(item, value));
        }
        (Json::Object(object), Value::Map(entries)) => {
            object.sort_keys();
            for (key, value) in entries {
                if let Some(json) = key.as_str().and_then(|key| object.get_mut(key)) {
                    mend(json, value);
                }
            }
        }
        (Json::Object(object), Value::Message(message)) => {
            for (field, value) in message.fields() {
                if let Some(json) = object.get_mut(field.json_name()) {
                    mend(json, value);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::{Value, json};
    use temporalio_common::protos::temporal::api::common::v1::{Memo, Payload, Priority, RetryPolicy};
    use temporalio_common::protos::temporal::api::history::v1::WorkflowExecutionStartedEventAttributes as Started;

    use super::*;

    fn started(started: Started) -> HistoryEvent {
        HistoryEvent { attributes: Some(started.into()), ..HistoryEvent::default() }
    }

    fn value(event: &HistoryEvent) -> Value {
        serde_json::from_str(super::event(event).unwrap().as_str()).unwrap()
    }

    #[test]
    fn numbers_are_written_as_in_protobuf_json() {
        let event = HistoryEvent {
            event_id: i64::MAX,
            ..started(Started {
                attempt: 7,
                retry_policy: Some(RetryPolicy { backoff_coefficient: 2.0, ..RetryPolicy::default() }),
                priority: Some(Priority { fairness_weight: 0.1, ..Priority::default() }),
                workflow_run_timeout: Some(prost_wkt_types::Duration { seconds: 90, nanos: 500_000_000 }),
                ..Started::default()
            })
        };
        let expected = json!({
            "eventId": "9223372036854775807",
            "workflowExecutionStartedEventAttributes": {
                "attempt": 7,
                "retryPolicy": { "backoffCoefficient": 2 },
                "priority": { "fairnessWeight": 0.1 },
                "workflowRunTimeout": "90.500s",
            },
        });
        assert_eq!(value(&event), expected);
    }

    #[test]
    fn a_history_is_read_as_it_was_written() {
        let attempt = started(Started { attempt: 7, ..Started::default() });
        let json = format!(r#"{{"events": [{}], "more": 1}}"#, event(&attempt).unwrap().as_str());
        assert_eq!(history(json.as_bytes()).unwrap().events, [attempt]);
        let newer =
            r#"{"workflowHistory": [{"eventId": "3", "eventType": "EVENT_TYPE_NEWER", "newer": {}}]}"#;
        assert_eq!(history(newer.as_bytes()).unwrap().events[0].event_id, 3);
        for other in ["[1]", r#"{"events": 1}"#, r#"{"events": [{"eventId": []}]}"#] {
            assert!(history(other.as_bytes()).is_err(), "{other}");
        }
    }

    #[test]
    fn maps_are_sorted_and_keep_empty_values() {
        let keys: Vec<String> = (b'a'..=b'z').map(|key| char::from(key).to_string()).collect();
        let fields: HashMap<_, _> = keys.iter().map(|key| (key.clone(), Payload::default())).collect();
        let json = value(&started(Started { memo: Some(Memo { fields }), ..Started::default() }));
        let fields = &json["workflowExecutionStartedEventAttributes"]["memo"]["fields"];
        assert!(fields.as_object().unwrap().keys().eq(&keys), "{fields}");
        assert!(fields.as_object().unwrap().values().all(|value| *value == json!({})), "{fields}");
    }

    #[test]
    fn an_unknown_enum_value_stays_a_number() {
        assert_eq!(value(&HistoryEvent { event_type: 9_999, ..HistoryEvent::default() })["eventType"], 9_999);
    }

    #[test]
    fn a_time_beyond_the_calendar_is_an_error() {
        let event_time = Some(prost_wkt_types::Timestamp { seconds: i64::MAX, nanos: 0 });
        let error = event(&HistoryEvent { event_time, ..HistoryEvent::default() }).unwrap_err();
        assert_eq!(error.to_string(), "timestamp out of range");
    }
}
