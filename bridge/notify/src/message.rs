//! Requests to targets.

use http::HeaderMap;

const JSON: &str = "application/json";

/// A request to a target.
#[derive(Debug, Default)]
pub(crate) struct Message {
    pub(crate) headers: HeaderMap,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
}

/// Returns a message with JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<Message, serde_json::Error> {
    Ok(Message { headers: HeaderMap::new(), content_type: JSON, body: serde_json::to_vec(value)? })
}
