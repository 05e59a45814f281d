//! The input of a workflow that is written with Temporal's Rust SDK.

use temporalio_common::data_converters::{
    GenericPayloadConverter, PayloadConverter, SerializationContext, SerializationContextData,
    TemporalSerializable,
};

use super::WorkflowStart;

impl WorkflowStart {
    /// Sets the input, as the SDK would send it: one argument, several or none.
    pub(crate) fn with_typed_input<T: TemporalSerializable + 'static>(mut self, input: &T) -> Self {
        let converter = PayloadConverter::default();
        let context = SerializationContext::new(&SerializationContextData::None, &converter);
        self = self.with_arguments([]);
        match converter.to_payloads(&context, input) {
            Ok(payloads) => self.own_arguments().extend(payloads),
            Err(error) => self.note("the workflow's input".to_owned(), &error),
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;
    use temporalio_common::data_converters::{MultiArgs2, RawValue};
    use temporalio_common::protos::temporal::api::common::v1::Payload;
    use workflow_api::TemporalSpec;

    use super::*;
    use crate::start::Arguments;

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
        assert!(matches!(&start.arguments, Arguments::Own(payloads) if payloads[0] == bytes));
    }
}
