//! What every server does, whatever its routes.

use std::any::Any;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use workflow_api::Problem;

use super::access::{self, record};
use super::body::{BodyLimits, bounded};
use super::escapes::wrong_escape;
use crate::problem::{ProblemResponse, negotiate, of_status};

/// `router` with what every server has: request IDs, the access log and request metrics; limits of bodies; and problems
/// for unknown paths and methods, refused input and panics, in the form that the caller prefers. A path with wrong
/// percent-encoding is refused before any route sees it.
pub fn standard(router: Router, bodies: impl Into<BodyLimits>) -> Router {
    access::describe();
    let router = router.fallback(no_such_path).method_not_allowed_fallback(no_such_method);
    router.layer(
        ServiceBuilder::new()
            // The limits of axum's own extractors, instead of ours.
            .layer(DefaultBodyLimit::disable())
            .layer(from_fn(record))
            .layer(from_fn(negotiate))
            .layer(from_fn_with_state(bodies.into(), bounded))
            .layer(from_fn(readable))
            .layer(CatchPanicLayer::custom(failed)),
    )
}

async fn no_such_path(uri: Uri) -> ProblemResponse {
    Problem::new(404, "no_such_path", format!("There is nothing at {}", uri.path())).into()
}

async fn no_such_method(method: Method, uri: Uri) -> ProblemResponse {
    Problem::new(405, "method_not_allowed", format!("{} does not accept {method}", uri.path())).into()
}

/// Refuses a path that cannot be read: axum would use its wrong escapes as text.
async fn readable(request: Request, next: Next) -> Response {
    match wrong_escape(request.uri().path()) {
        None => next.run(request).await,
        Some(escape) => {
            let text = format!("The path has the escape `{escape}`: write % and two hex digits");
            ProblemResponse::new(of_status(StatusCode::BAD_REQUEST, &text)).into_response()
        }
    }
}

/// A panic ends its request, not the connection. The panic hook has logged it.
fn failed(_: Box<dyn Any + Send>) -> Response {
    let text = "The server failed on this request; its log gives the reason, under the request ID";
    ProblemResponse::new(of_status(StatusCode::INTERNAL_SERVER_ERROR, text)).into_response()
}
