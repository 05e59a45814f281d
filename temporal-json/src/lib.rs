#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod message;
mod text;
mod wire;

use prost::Message;
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeWorkflowExecutionResponse;
use workflow_api::RawJson;

/// What Temporal describes of a run, and nothing else: `temporal workflow describe -o json` adds `closeEvent` and `result`, and shortens memos
/// unless told `--no-json-shorthand-payloads`.
///
/// # Errors
/// As [`event`].
pub fn description(description: &DescribeWorkflowExecutionResponse) -> Result<RawJson, JsonError> {
    json(&message::DESCRIPTION, description)
}

/// An event of a history, as `temporal workflow show -o json` prints it.
///
/// # Errors
/// When a time in it is one that no calendar has.
pub fn event(event: &HistoryEvent) -> Result<RawJson, JsonError> {
    json(&message::EVENT, event)
}

/// Why a message has no JSON.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// JSON has times from the year 1 to 9999 (protobuf's `timestamp.proto`).
    #[error("no calendar has the time of {seconds} s and {nanos} ns after the beginning of 1970")]
    NoTime {
        /// Seconds since 1970, in UTC.
        seconds: i64,
        /// Nanoseconds after that.
        nanos: i32,
    },
    /// A fault of our own: messages are encoded before by what decoded them.
    #[error("a message is damaged: {0}")]
    Damaged(&'static str),
}

fn json(kind: &message::Message, message: &impl Message) -> Result<RawJson, JsonError> {
    let wire = message.encode_to_vec();
    // Names of fields and quotes are about what the lengths and small numbers of protobuf are replaced by.
    let mut json = Vec::with_capacity(wire.len() * 3);
    message::write(&mut json, kind, &wire)?;
    RawJson::from_json(json).map_err(|_| JsonError::Damaged("what was written is no JSON"))
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
    fn numbers_are_written_as_protobuf_has_them() {
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
    fn maps_are_written_in_the_order_of_their_keys_with_what_is_empty() {
        let keys: Vec<String> = (b'a'..=b'z').map(|key| char::from(key).to_string()).collect();
        let fields: HashMap<_, _> = keys.iter().map(|key| (key.clone(), Payload::default())).collect();
        let json = value(&started(Started { memo: Some(Memo { fields }), ..Started::default() }));
        let fields = &json["workflowExecutionStartedEventAttributes"]["memo"]["fields"];
        assert!(fields.as_object().unwrap().keys().eq(&keys), "{fields}");
        assert!(fields.as_object().unwrap().values().all(|value| *value == json!({})), "{fields}");
    }

    #[test]
    fn a_number_that_no_name_of_its_enum_has_stays_a_number() {
        assert_eq!(value(&HistoryEvent { event_type: 9_999, ..HistoryEvent::default() })["eventType"], 9_999);
    }

    #[test]
    fn a_time_that_no_calendar_has_is_told() {
        let event_time = Some(prost_wkt_types::Timestamp { seconds: i64::MAX, nanos: 0 });
        let error = event(&HistoryEvent { event_time, ..HistoryEvent::default() }).unwrap_err();
        assert!(matches!(error, JsonError::NoTime { seconds: i64::MAX, nanos: 0 }), "{error:?}");
    }
}
