//! What stands before the routes: who may ask, and how many at once.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use service::auth::{Authenticator, authenticated};
use service::http::{Limits, limited};

/// Says `none` on a failed start where it is certain that nothing was started.
pub(crate) const START_OUTCOME: HeaderName = HeaderName::from_static("start-outcome");

/// The answer comes from a workflow client, and says what there is to say of its outcome.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Invoked;

/// `routes` for callers that `authenticator` lets in, `at_once` of them. A start that is refused here reports that
/// nothing was started: else the bridge could not distinguish our 503 from that of a gateway that has lost our response.
pub(crate) fn gated(routes: Router, authenticator: Authenticator, at_once: usize) -> Router {
    let limits = Limits { requests: at_once, waits: 0, is_wait: |_| false, changes: None };
    authenticated(limited(routes, limits), authenticator).layer(from_fn(say_that_nothing_was_started))
}

async fn say_that_nothing_was_started(request: Request, next: Next) -> Response {
    let starts = request.method() == Method::POST;
    let mut response = next.run(request).await;
    if starts && response.extensions().get::<Invoked>().is_none() {
        response.headers_mut().insert(START_OUTCOME, HeaderValue::from_static("none"));
    }
    response
}
