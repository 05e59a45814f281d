//! Responses as Go's HTTP library and EMCO's handlers write them (EMCO-API §0.3, §9).

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use workflow_api::to_go_text;

use crate::go_json;

/// Go's type for text.
pub(crate) const PLAIN_TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// The response to a refused request: a status and plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) text: String,
}

impl Refusal {
    /// The words where EMCO's table has no entry (EMCO-API §9.2).
    pub(crate) const INTERNAL: &'static str =
        "The server encountered an internal error and was unable to complete your request.";

    pub(crate) fn new(status: u16, text: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, text: text.into() }
    }

    /// A child without its parent (EMCO-API §9.2).
    pub(crate) fn parent_missing() -> Self {
        Self::new(409, "Cannot perform requested operation. Parent resource not found")
    }

    /// Go's `http.Error` for a body that no JSON decoder can read (EMCO-API §6.4).
    pub(crate) fn unreadable(error: go_json::Unreadable) -> Self {
        match error {
            go_json::Unreadable::Empty => Self::new(400, "Empty body"),
            go_json::Unreadable::Invalid(text) => Self::new(422, text),
        }
    }
}

impl IntoResponse for Refusal {
    /// Go's `http.Error`: the text, a newline, and the two headers.
    fn into_response(self) -> Response {
        (
            self.status,
            [
                (header::CONTENT_TYPE, PLAIN_TEXT),
                (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            ],
            format!("{}\n", self.text),
        )
            .into_response()
    }
}

/// Returns a JSON response.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let line = to_go_text(value) + "\n";
    (status, [(header::CONTENT_TYPE, "application/json")], line).into_response()
}

/// Returns a response without a body.
pub(crate) fn empty(status: StatusCode) -> Response {
    (status, Body::empty()).into_response()
}
