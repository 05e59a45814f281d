//! Converts between Temporal's payloads and JSON.

use std::collections::HashMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::common::v1::{Payload, Payloads};
use workflow_api::RawJson;

/// The metadata key of a payload's encoding.
const ENCODING: &str = "encoding";
/// The encoding of no value, such as the result of a workflow that returns nothing.
const NULL: &str = "binary/null";
const JSON: &str = "json/plain";
/// A protobuf message as JSON.
const JSON_PROTOBUF: &str = "json/protobuf";

/// Converts payloads to JSON, which is not parsed: no payload is `null`, one is its value, several are an array.
pub(crate) fn to_json(payloads: Option<&Payloads>) -> RawJson {
    match payloads.map_or(&[][..], |payloads| &payloads.payloads) {
        [] => Value::Null.into(),
        [payload] => payload_to_json(payload),
        several => {
            let values: Vec<_> = several.iter().map(payload_to_json).collect();
            RawJson::of(&values).unwrap_or_default()
        }
    }
}

/// Makes one payload for each value, as the SDKs of Go and Python do.
pub(crate) fn from_json<'a>(values: impl IntoIterator<Item = &'a RawJson>) -> Option<Payloads> {
    let payloads: Vec<Payload> = values.into_iter().map(payload_from_json).collect();
    (!payloads.is_empty()).then_some(Payloads { payloads })
}

/// Returns base64 as in protobuf's JSON.
pub(crate) fn base64(data: &[u8]) -> String {
    BASE64_STANDARD.encode(data)
}

/// Converts a payload. If it is not JSON, or is broken JSON, returns its encoding and base64.
fn payload_to_json(payload: &Payload) -> RawJson {
    let encoding =
        payload.metadata.get(ENCODING).map_or_else(Default::default, |text| String::from_utf8_lossy(text));
    let json = match encoding.as_ref() {
        NULL => Some(Value::Null.into()),
        JSON | JSON_PROTOBUF => serde_json::from_slice(&payload.data).ok(),
        _ => None,
    };
    json.unwrap_or_else(|| json!({ "encoding": encoding, "data": base64(&payload.data) }).into())
}

fn payload_from_json(value: &RawJson) -> Payload {
    let (encoding, data) =
        if value.is_null() { (NULL, Vec::new()) } else { (JSON, value.as_str().as_bytes().to_vec()) };
    let metadata = HashMap::from([(ENCODING.to_owned(), encoding.as_bytes().to_vec())]);
    Payload { metadata, data, ..Payload::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(encoding: &str, data: &[u8]) -> Payload {
        let metadata = HashMap::from([(ENCODING.to_owned(), encoding.as_bytes().to_vec())]);
        Payload { metadata, data: data.to_vec(), ..Payload::default() }
    }

    #[test]
    fn json_survives_the_way_there_and_back() {
        for value in [json!({ "app": "a", "count": 2 }), json!([1, null]), json!("text"), Value::Null] {
            assert_eq!(to_json(from_json([&value.clone().into()]).as_ref()), value.into());
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        let text = r#"[12345678901234567890123456789, 0.12345678901234567890, 1.0, -0, 1e400]"#;
        let raw: RawJson = serde_json::from_str(text).unwrap();
        assert_eq!(to_json(from_json([&raw]).as_ref()).as_str(), text);
        let several = format!("[{text},{text}]");
        assert_eq!(to_json(from_json([&raw, &raw]).as_ref()).as_str(), several);
    }

    #[test]
    fn no_payload_is_null_and_several_are_an_array() {
        assert_eq!(to_json(None), Value::Null.into());
        assert_eq!(from_json([]), None);
        assert_eq!(
            to_json(from_json([&json!(1).into(), &json!("b").into()]).as_ref()),
            json!([1, "b"]).into()
        );
    }

    #[test]
    fn what_is_not_json_is_given_as_encoding_and_base64() {
        let bytes = Payloads { payloads: vec![payload("binary/plain", b"\xff\0")] };
        assert_eq!(to_json(Some(&bytes)), json!({ "encoding": "binary/plain", "data": "/wA=" }).into());
        let lies = Payloads { payloads: vec![payload(JSON, b"{")] };
        assert_eq!(to_json(Some(&lies)), json!({ "encoding": "json/plain", "data": "ew==" }).into());
        let bare = Payloads { payloads: vec![Payload { data: b"x".to_vec(), ..Payload::default() }] };
        assert_eq!(to_json(Some(&bare)), json!({ "encoding": "", "data": "eA==" }).into());
    }
}
