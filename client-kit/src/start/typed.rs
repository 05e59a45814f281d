//! The input of a workflow that is written with Temporal's Rust SDK.

use serde_json::Value;
use temporalio_common::data_converters::{
    GenericPayloadConverter, PayloadConverter, SerializationContext, SerializationContextData,
    TemporalSerializable,
};
use temporalio_common::protos::temporal::api::common::v1::Payload;

use super::WorkflowStart;

impl WorkflowStart {
    /// Sets the input, as the SDK would send it: one argument, several or none.
    pub(crate) fn with_typed_input<T: TemporalSerializable + 'static>(mut self, input: &T) -> Self {
        let converter = PayloadConverter::default();
        let context = SerializationContext::new(&SerializationContextData::None, &converter);
        self = self.with_arguments([]);
        match converter.to_payloads(&context, input) {
            Ok(payloads) => payloads.into_iter().for_each(|payload| self.push(payload)),
            Err(error) => self.note("the workflow's input".to_owned(), &error),
        }
        self
    }

    fn push(&mut self, payload: Payload) {
        match json(&payload) {
            Some(value) => self.own_arguments().push(value),
            None => {
                let place = self.own_arguments().len();
                self.own_arguments().push(Value::Null);
                self.encoded.insert(place, payload);
            }
        }
    }
}

/// Returns the JSON of a payload, if it has nothing else.
fn json(payload: &Payload) -> Option<Value> {
    match payload.metadata.get("encoding")?.as_slice() {
        _ if payload.metadata.len() > 1 => None,
        b"json/plain" => serde_json::from_slice(&payload.data).ok(),
        b"binary/null" => Some(Value::Null),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;
    use temporalio_common::data_converters::{MultiArgs2, RawValue};
    use workflow_api::TemporalSpec;

    use super::*;

    #[derive(Debug, Serialize, Deserialize)]
    struct Input {
        attempts: u8,
        ratio: f64,
    }

    fn start() -> WorkflowStart {
        WorkflowStart::of("Type", TemporalSpec::default())
    }

    #[test]
    fn json_stays_in_sight() {
        let start = start().with_typed_input(&Input { attempts: 2, ratio: 2.0 });
        assert_eq!(start.arguments(), [json!({"attempts": 2, "ratio": 2.0})]);
        let several = start.with_typed_input(&MultiArgs2("a".to_owned(), 2));
        assert_eq!(several.arguments(), [json!("a"), json!(2)]);
        assert!(several.with_typed_input(&RawValue::default()).arguments().is_empty());
    }

    #[test]
    fn other_encodings_are_kept_as_they_are() {
        let metadata = [("encoding".to_owned(), b"binary/plain".to_vec())].into();
        let bytes = Payload { metadata, data: vec![0, 255], ..Payload::default() };
        let start = start().with_typed_input(&RawValue::new(vec![bytes.clone()])).with_argument(1);
        assert_eq!(start.arguments(), [json!(null), json!(1)]);
        assert_eq!(start.encoded[&0], bytes);
        assert!(start.with_input(2).encoded.is_empty());
    }
}
