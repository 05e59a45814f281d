//! Requests that wait. They last long and cost little, so they have a limit of their own.

use axum::extract::Request;
use http::header::ACCEPT;
use http::{HeaderName, header::AsHeaderName};

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// Returns whether the request waits for an event, or until a timeout.
pub fn is_wait(request: &Request) -> bool {
    request.uri().query().is_some_and(|query| query.split('&').any(asks_to_wait))
        || has(request, PREFER, "wait=")
        || has(request, ACCEPT, "text/event-stream")
}

fn asks_to_wait(parameter: &str) -> bool {
    matches!(
        parameter.split_once('='),
        Some(("wait", _) | ("waitForResult", "1" | "t" | "T" | "true" | "True" | "TRUE"))
    )
}

fn has(request: &Request, header: impl AsHeaderName, words: &str) -> bool {
    let mut values = request.headers().get_all(header).iter().filter_map(|value| value.to_str().ok());
    values.any(|value| value.to_ascii_lowercase().contains(words))
}
