//! Successful responses: JSON in Go's bytes, and headers.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, WARNING};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use service::fields;
use utoipa::IntoParams;
use workflow_api::{WorkflowStatus, to_go_json, to_go_json_sized};

/// A JSON body as Go's encoder writes it, newline included (EMCO-API §0.2).
pub(crate) struct GoJson<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for GoJson<T> {
    fn into_response(self) -> Response {
        go_json(to_go_json(&self.0))
    }
}

/// A status as [`GoJson`]. With a whole history in it, it is the largest of all responses.
pub(crate) fn status_json(status: &WorkflowStatus) -> Response {
    let events = status.workflow_history.iter().flatten();
    let size: usize = events.map(|event| event.as_str().len() + 1).sum();
    go_json(to_go_json_sized(status, size + 4096))
}

fn go_json(mut body: Vec<u8>) -> Response {
    body.push(b'\n');
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

/// Returns `Warning` headers for unknown fields (DESIGN §3).
pub(crate) fn warnings(unknown: &[String]) -> HeaderMap {
    fields::warnings(unknown).map(|warning| (WARNING, warning)).collect()
}

/// Returns headers for the texts that are not empty. A text that no header can carry is left out.
pub(crate) fn headers<const N: usize>(texts: [(HeaderName, &str); N]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        if let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) {
            headers.insert(name, value);
        }
    }
    headers
}

/// A successful response without a body.
pub(crate) const NO_CONTENT: StatusCode = StatusCode::NO_CONTENT;

/// The form of the response, for the document only: handlers read it with [`prefers_representation`].
///
/// [`prefers_representation`]: service::http::headers::prefers_representation
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it is only documented")]
pub(crate) struct Preference {
    /// `return=representation` for a response with a body
    #[param(rename = "Prefer", example = "return=representation")]
    prefer: Option<String>,
}
