//! Payloads, as Go's default data converter makes them.

use std::collections::HashMap;

use temporalio_common::protos::temporal::api::common::v1::Payload;
use workflow_api::RawJson;

/// Returns the payload of a value, which does not change, as Go's default data converter makes it.
pub(crate) fn payload(json: &RawJson) -> Payload {
    if json.is_null() {
        encoded("binary/null", Vec::new())
    } else {
        encoded("json/plain", json.as_str().as_bytes().to_vec())
    }
}

/// Returns the payload of encoded data.
pub(crate) fn encoded(encoding: &str, data: Vec<u8>) -> Payload {
    let metadata = HashMap::from([("encoding".to_owned(), encoding.as_bytes().to_vec())]);
    Payload { metadata, data, ..Payload::default() }
}
