//! Successful responses: JSON in Go's bytes, and headers.

use std::future::ready;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bridge_core::MorePages;
use futures::stream::once;
use futures::{StreamExt, TryStreamExt};
use heavy::heavy;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, WARNING};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use service::fields;
use utoipa::IntoParams;
use uuid::Uuid;
use workflow_api::{WorkflowStatus, to_go_json, to_go_text};

/// A JSON body as Go's encoder writes it, newline included (EMCO-API §0.2).
pub(crate) struct GoJson<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for GoJson<T> {
    fn into_response(self) -> Response {
        go_json(to_go_json(&self.0))
    }
}

/// Returns `value`, of which the JSON has about `size` bytes, as [`GoJson`].
pub(crate) async fn large_json<T: Serialize + Send + 'static>(size: usize, value: T) -> Response {
    go_json(heavy(size, move || to_go_json(&value)).await)
}

fn go_json(mut body: Vec<u8>) -> Response {
    body.push(b'\n');
    ([(CONTENT_TYPE, JSON)], body).into_response()
}

const JSON: &str = "application/json";

/// A status with more pages of events than it holds, as [`GoJson`]. Each page is read when the caller has taken
/// the one before. The status has been sent by then, so an error can only end the connection.
pub(crate) fn long_status_json(mut status: WorkflowStatus, more: MorePages) -> Response {
    let place = Uuid::new_v4().to_string();
    status.workflow_history.get_or_insert_default().push(place.as_str().into());
    let text = to_go_text(&status);
    let (head, tail) = text.split_once(&format!(",\"{place}\"")).unwrap_or_default();
    let (head, tail) = (Ok(head.to_owned()), Ok(format!("{tail}\n")));
    let pages = more.pages().map_ok(|events| {
        let events = events.iter().map(|event| format!(",{}", to_go_text(event)));
        events.collect::<String>()
    });
    let pages = pages.inspect_err(|error| {
        tracing::warn!(error = workflow_api::chain(error), "a history was cut off in the middle");
    });
    let body = once(ready(head)).chain(pages).chain(once(ready(tail)));
    ([(CONTENT_TYPE, JSON)], Body::from_stream(body)).into_response()
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
