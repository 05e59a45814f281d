//! The checks before the routes: which callers are permitted, and how many requests at once.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use service::auth::{Authenticator, Identity, Subjects, authenticated};
use service::http::{Limits, limited};
use service::problem::ProblemResponse;
use workflow_api::Problem;

/// This header is `none` on a failed start if it is certain that nothing was started.
pub(crate) const START_OUTCOME: HeaderName = HeaderName::from_static("start-outcome");

/// Marks a response of a workflow client, which reports its outcome itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Invoked;

/// Returns `routes` for callers that `authenticator` accepts and `callers` lists (if it is empty, all of them), with
/// at most `at_once` requests at the same time. A start that is refused here reports that nothing was started: else
/// the bridge could not distinguish our 503 from that of a gateway that has lost our response.
pub(crate) fn gated(
    routes: Router,
    authenticator: Authenticator,
    callers: Subjects,
    at_once: usize,
) -> Router {
    let limits = Limits { requests: at_once, waits: 0, is_wait: |_| false, changes: None, reads: None };
    let mut routes = limited(routes, limits);
    if !callers.is_empty() {
        routes = routes.layer(from_fn_with_state(callers, admit_listed));
    }
    authenticated(routes, authenticator).layer(from_fn(report_that_nothing_was_started))
}

async fn admit_listed(
    State(callers): State<Subjects>,
    identity: Identity,
    request: Request,
    next: Next,
) -> Response {
    if callers.contain(&identity) {
        return next.run(request).await;
    }
    let text = format!("CLIENT_CALLERS lists who may call, and does not have {}", identity.subject());
    ProblemResponse::new(Problem::new(403, "forbidden", text)).into_response()
}

async fn report_that_nothing_was_started(request: Request, next: Next) -> Response {
    let starts = request.method() == Method::POST;
    let mut response = next.run(request).await;
    if starts && response.extensions().get::<Invoked>().is_none() {
        response.headers_mut().insert(START_OUTCOME, HeaderValue::from_static("none"));
    }
    response
}
