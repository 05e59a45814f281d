//! The checks before the routes: which callers are permitted, and how many requests at once.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use service::auth::{Authenticator, authenticated};
use service::http::{Limits, limited};

/// This header is `none` on a failed start if it is certain that nothing was started.
pub(crate) const START_OUTCOME: HeaderName = HeaderName::from_static("start-outcome");

/// Marks a response of a workflow client, which reports its outcome itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Invoked;

/// Returns `routes` for callers that `authenticator` permits, with at most `at_once` requests at the same time. A start
/// that is refused here reports that nothing was started: else the bridge could not distinguish our 503 from that of a
/// gateway that has lost our response.
pub(crate) fn gated(routes: Router, authenticator: Authenticator, at_once: usize) -> Router {
    let limits = Limits { requests: at_once, waits: 0, is_wait: |_| false, changes: None, reads: None };
    authenticated(limited(routes, limits), authenticator).layer(from_fn(report_that_nothing_was_started))
}

async fn report_that_nothing_was_started(request: Request, next: Next) -> Response {
    let starts = request.method() == Method::POST;
    let mut response = next.run(request).await;
    if starts && response.extensions().get::<Invoked>().is_none() {
        response.headers_mut().insert(START_OUTCOME, HeaderValue::from_static("none"));
    }
    response
}
