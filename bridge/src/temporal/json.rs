//! Temporal's messages as canonical protobuf JSON, the form `temporal workflow describe` and `show -o json` print.
//!
//! The SDK's own serde output is something else (enums as numbers, mixed key styles), hence the detour over descriptors.

use std::borrow::Cow;
use std::sync::LazyLock;

use jiff::fmt::temporal::DateTimePrinter;
use prost::{Message, Name};
use prost_reflect::{
    DescriptorError, DescriptorPool, DynamicMessage, Kind, MapKey, ReflectMessage, SerializeOptions,
    Value as Field,
};
use serde::ser::{Serialize, SerializeMap, Serializer};
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use workflow_api::RawJson;

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
pub(super) fn canonical<M: Message + Name>(message: &M) -> Result<RawJson, JsonError> {
    /// Decoded when first needed: an idle bridge does without.
    static POOL: LazyLock<Result<DescriptorPool, DescriptorError>> = LazyLock::new(|| {
        DescriptorPool::decode(
            include_bytes!(concat!(env!("OUT_DIR"), "/temporal_descriptors.bin")).as_slice(),
        )
    });
    let pool = POOL.as_ref()?;
    let name = M::full_name();
    let description = pool.get_message_by_name(&name).ok_or(JsonError::NotDescribed(name))?;
    let message = DynamicMessage::decode(description, message.encode_to_vec().as_slice())?;
    Ok(RawJson::of(&Fields(&message))?)
}

/// One event of a history as JSON, None where it has none: measured by the benchmark.
pub fn event_json(event: &HistoryEvent) -> Option<RawJson> {
    canonical(event).ok()
}

/// A message as an object of its fields.
struct Fields<'a>(&'a DynamicMessage);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        for (field, value) in self.0.fields() {
            object.serialize_entry(field.json_name(), &Typed(value, &field.kind()))?;
        }
        object.end()
    }
}

/// The value of a field of this kind.
struct Typed<'a>(&'a Field, &'a Kind);

impl Serialize for Typed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(field, kind) = *self;
        match field {
            // Through text: the shortest digits that mean this value, not those of its conversion.
            Field::F32(float) => {
                serialize_float(float.to_string().parse().unwrap_or_else(|_| f64::from(*float)), serializer)
            }
            Field::F64(float) => serialize_float(*float, serializer),
            Field::List(items) => serializer.collect_seq(items.iter().map(|item| Typed(item, kind))),
            Field::Map(entries) => {
                let kind = match kind {
                    Kind::Message(entry) => &entry.map_entry_value_field().kind(),
                    other => other,
                };
                // The map has no order of its own; equal messages shall give equal text.
                let mut entries: Vec<(Cow<'_, str>, &Field)> =
                    entries.iter().map(|(key, value)| (key_text(key), value)).collect();
                entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
                serializer.collect_map(entries.into_iter().map(|(key, value)| (key, Typed(value, kind))))
            }
            // Timestamps, durations and their like have forms of their own.
            Field::Message(message) if message.descriptor().package_name() == "google.protobuf" => {
                match timestamp(message) {
                    Some(text) => serializer.serialize_str(&text),
                    None => message.serialize_with_options(serializer, &SerializeOptions::new()),
                }
            }
            Field::Message(message) => Fields(message).serialize(serializer),
            Field::EnumNumber(number) => match kind {
                Kind::Enum(values) => match values.get_value(*number) {
                    Some(value) => serializer.serialize_str(value.name()),
                    None => serializer.serialize_i32(*number),
                },
                _ => serializer.serialize_i32(*number),
            },
            Field::Bool(value) => serializer.serialize_bool(*value),
            Field::I32(value) => serializer.serialize_i32(*value),
            Field::U32(value) => serializer.serialize_u32(*value),
            // JSON's numbers do not hold 64 bits everywhere.
            Field::I64(value) => serializer.collect_str(value),
            Field::U64(value) => serializer.collect_str(value),
            Field::String(value) => serializer.serialize_str(value),
            Field::Bytes(value) => serializer.serialize_str(&super::payload::base64(value)),
        }
    }
}

/// A `google.protobuf.Timestamp` as text: with as many digits as it takes, by threes. The library's own way takes five times as long,
/// and there are some in each message.
fn timestamp(message: &DynamicMessage) -> Option<String> {
    if message.descriptor().name() != "Timestamp" {
        return None;
    }
    let seconds = message.get_field_by_number(1)?.as_i64()?;
    let nanos = message.get_field_by_number(2)?.as_i32()?;
    let digits = match nanos {
        0 => 0,
        _ if nanos % 1_000_000 == 0 => 3,
        _ if nanos % 1_000 == 0 => 6,
        _ => 9,
    };
    let printer = DateTimePrinter::new().precision(Some(digits));
    Some(printer.timestamp_to_string(&jiff::Timestamp::new(seconds, nanos).ok()?))
}

/// Go prints `2`, where Rust prints `2.0`.
fn serialize_float<S: Serializer>(float: f64, serializer: S) -> Result<S::Ok, S::Error> {
    /// Above this, Go changes to exponents.
    const PLAIN: f64 = 1e15;
    if float.fract() == 0.0 && float.abs() < PLAIN {
        serializer.serialize_i64(float as i64)
    } else if float.is_finite() {
        serializer.serialize_f64(float)
    } else {
        serializer.serialize_str(non_finite(float))
    }
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

fn key_text(key: &MapKey) -> Cow<'_, str> {
    match key {
        MapKey::Bool(key) => key.to_string().into(),
        MapKey::I32(key) => key.to_string().into(),
        MapKey::I64(key) => key.to_string().into(),
        MapKey::U32(key) => key.to_string().into(),
        MapKey::U64(key) => key.to_string().into(),
        MapKey::String(key) => key.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::{Value, json};
    use temporalio_common::protos::temporal::api::common::v1::{Memo, Payload, Priority, RetryPolicy};
    use temporalio_common::protos::temporal::api::history::v1::WorkflowExecutionStartedEventAttributes as Started;

    use super::*;

    fn value(event: &HistoryEvent) -> Value {
        serde_json::from_str(canonical(event).unwrap().as_str()).unwrap()
    }

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
        assert_eq!(value(&event), expected);
    }

    #[test]
    fn times_have_as_many_digits_as_they_take_by_threes() {
        let seconds = 1_700_000_000;
        for (nanos, text) in [
            (0, "2023-11-14T22:13:20Z"),
            (120_000_000, "2023-11-14T22:13:20.120Z"),
            (1_000, "2023-11-14T22:13:20.000001Z"),
            (1, "2023-11-14T22:13:20.000000001Z"),
        ] {
            let event_time = Some(prost_wkt_types::Timestamp { seconds, nanos });
            let event = HistoryEvent { event_time, ..HistoryEvent::default() };
            assert_eq!(value(&event)["eventTime"], text);
        }
        let event_time = Some(prost_wkt_types::Timestamp { seconds: -62_135_596_800, nanos: 0 });
        let event = HistoryEvent { event_time, ..HistoryEvent::default() };
        assert_eq!(value(&event)["eventTime"], "0001-01-01T00:00:00Z");
    }

    #[test]
    fn floats_beyond_the_integers_stay_floats() {
        let json = |float| {
            let mut json = Vec::new();
            serialize_float(float, &mut serde_json::Serializer::new(&mut json)).unwrap();
            String::from_utf8(json).unwrap()
        };
        assert_eq!(json(1.5), "1.5");
        assert_eq!(json(-3.0), "-3");
        assert_eq!(json(1e300), "1e+300");
        assert_eq!(json(f64::NEG_INFINITY), r#""-Infinity""#);
    }

    #[test]
    fn maps_are_written_in_the_order_of_their_keys() {
        let keys: Vec<String> = (b'a'..=b'z').map(|key| char::from(key).to_string()).collect();
        let fields: HashMap<_, _> = keys.iter().map(|key| (key.clone(), Payload::default())).collect();
        let event = HistoryEvent {
            attributes: Some(Started { memo: Some(Memo { fields }), ..Started::default() }.into()),
            ..HistoryEvent::default()
        };
        let json = value(&event);
        let fields = &json["workflowExecutionStartedEventAttributes"]["memo"]["fields"];
        assert!(fields.as_object().unwrap().keys().eq(&keys), "{fields}");
    }

    #[test]
    fn what_is_not_described_says_so() {
        let error = canonical(&prost_wkt_types::Struct::default()).unwrap_err();
        assert!(matches!(error, JsonError::NotDescribed(_)), "{error:?}");
    }
}
