//! Temporal's messages as canonical protobuf JSON, the form `temporal workflow describe` and `show -o json` print.
//!
//! The SDK's own serde output is something else (enums as numbers, mixed key styles), hence the detour over descriptors.

use std::sync::LazyLock;

use prost::{Message, Name};
use prost_reflect::{
    DescriptorError, DescriptorPool, DynamicMessage, Kind, MapKey, ReflectMessage, SerializeOptions,
    Value as Field,
};
use serde_json::{Map, Number, Value};
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;

/// Why a message has no JSON. That takes a fault in our own build: the message is not among the descriptors.
#[derive(Debug, thiserror::Error)]
pub(super) enum JsonError {
    #[error("the bridge was built without a description of `{0}`")]
    NotDescribed(String),
    #[error("the bridge was built with damaged descriptions")]
    Descriptors(#[from] &'static DescriptorError),
    #[error("a message does not fit its description")]
    Decode(#[from] prost::DecodeError),
    #[error("a message has no JSON")]
    Serialize(#[from] serde_json::Error),
}

/// The message as JSON: fields in the order of their numbers, maps in the order of their keys.
pub(super) fn canonical<M: Message + Name>(message: &M) -> Result<Map<String, Value>, JsonError> {
    /// Decoded when first needed: an idle bridge does without.
    static POOL: LazyLock<Result<DescriptorPool, DescriptorError>> = LazyLock::new(|| {
        DescriptorPool::decode(
            include_bytes!(concat!(env!("OUT_DIR"), "/temporal_descriptors.bin")).as_slice(),
        )
    });
    let pool = POOL.as_ref()?;
    let name = M::full_name();
    let description = pool.get_message_by_name(&name).ok_or(JsonError::NotDescribed(name))?;
    fields_json(&DynamicMessage::decode(description, message.encode_to_vec().as_slice())?)
}

/// One event of a history as JSON, None where it has none: measured by the benchmark.
pub fn event_json(event: &HistoryEvent) -> Option<Value> {
    canonical(event).ok().map(Value::Object)
}

fn fields_json(message: &DynamicMessage) -> Result<Map<String, Value>, JsonError> {
    message
        .fields()
        .map(|(field, value)| Ok((field.json_name().to_owned(), field_json(value, &field.kind())?)))
        .collect()
}

fn field_json(field: &Field, kind: &Kind) -> Result<Value, JsonError> {
    Ok(match field {
        // Through text: the shortest digits that mean this value, not those of its conversion.
        Field::F32(float) => float_json(float.to_string().parse().unwrap_or_else(|_| f64::from(*float))),
        Field::F64(float) => float_json(*float),
        Field::List(items) => items.iter().map(|item| field_json(item, kind)).collect::<Result<_, _>>()?,
        Field::Map(entries) => {
            let kind = match kind {
                Kind::Message(entry) => entry.map_entry_value_field().kind(),
                other => other.clone(),
            };
            // The map has no order of its own; equal messages shall give equal text.
            let mut entries: Vec<(String, &Field)> =
                entries.iter().map(|(key, value)| (key_text(key), value)).collect();
            entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
            let entries = entries.into_iter().map(|(key, value)| Ok((key, field_json(value, &kind)?)));
            Value::Object(entries.collect::<Result<_, JsonError>>()?)
        }
        Field::Message(message) if message.descriptor().package_name() == "google.protobuf" => {
            // Timestamps, durations and their like have forms of their own.
            message.serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new())?
        }
        Field::Message(message) => Value::Object(fields_json(message)?),
        Field::EnumNumber(number) => match kind {
            Kind::Enum(values) => {
                values.get_value(*number).map_or_else(|| (*number).into(), |value| value.name().into())
            }
            _ => (*number).into(),
        },
        Field::Bool(value) => (*value).into(),
        Field::I32(value) => (*value).into(),
        Field::U32(value) => (*value).into(),
        // JSON's numbers do not hold 64 bits everywhere.
        Field::I64(value) => value.to_string().into(),
        Field::U64(value) => value.to_string().into(),
        Field::String(value) => value.as_str().into(),
        Field::Bytes(value) => super::payload::base64(value).into(),
    })
}

/// Go prints `2`, where Rust prints `2.0`.
fn float_json(float: f64) -> Value {
    /// Above this, Go changes to exponents.
    const PLAIN: f64 = 1e15;
    if float.fract() == 0.0 && float.abs() < PLAIN {
        return Value::from(float as i64);
    }
    Number::from_f64(float).map_or_else(|| Value::from(non_finite(float)), Value::Number)
}

fn non_finite(float: f64) -> &'static str {
    if float.is_nan() {
        "NaN"
    } else if float.is_sign_positive() {
        "Infinity"
    } else {
        "-Infinity"
    }
}

fn key_text(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;
    use temporalio_common::protos::temporal::api::common::v1::{Memo, Payload, Priority, RetryPolicy};
    use temporalio_common::protos::temporal::api::history::v1::WorkflowExecutionStartedEventAttributes as Started;

    use super::*;

    #[test]
    fn numbers_are_written_as_protobuf_has_them() {
        let event = HistoryEvent {
            event_id: i64::MAX,
            attributes: Some(
                Started {
                    attempt: 7,
                    retry_policy: Some(RetryPolicy { backoff_coefficient: 2.0, ..RetryPolicy::default() }),
                    priority: Some(Priority { fairness_weight: 0.1, ..Priority::default() }),
                    workflow_run_timeout: Some(prost_wkt_types::Duration { seconds: 90, nanos: 500_000_000 }),
                    ..Started::default()
                }
                .into(),
            ),
            ..HistoryEvent::default()
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
        assert_eq!(Value::Object(canonical(&event).unwrap()), expected);
    }

    #[test]
    fn floats_beyond_the_integers_stay_floats() {
        assert_eq!(float_json(1.5), json!(1.5));
        assert_eq!(float_json(-3.0), json!(-3));
        assert_eq!(float_json(1e300), json!(1e300));
        assert_eq!(float_json(f64::NEG_INFINITY), json!("-Infinity"));
    }

    #[test]
    fn maps_are_written_in_the_order_of_their_keys() {
        let keys: Vec<String> = (b'a'..=b'z').map(|key| char::from(key).to_string()).collect();
        let fields: HashMap<_, _> = keys.iter().map(|key| (key.clone(), Payload::default())).collect();
        let event = HistoryEvent {
            attributes: Some(Started { memo: Some(Memo { fields }), ..Started::default() }.into()),
            ..HistoryEvent::default()
        };
        let json = canonical(&event).unwrap();
        let fields = &json["workflowExecutionStartedEventAttributes"]["memo"]["fields"];
        assert!(fields.as_object().unwrap().keys().eq(&keys), "{fields}");
    }

    #[test]
    fn what_is_not_described_says_so() {
        let error = canonical(&prost_wkt_types::Struct::default()).unwrap_err();
        assert!(matches!(error, JsonError::NotDescribed(_)), "{error:?}");
    }
}
