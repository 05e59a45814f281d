//! What every server answers alike, whatever its routes.

use std::any::Any;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use workflow_api::Problem;

use super::access::{self, record};
use super::body::{BodyLimits, bounded};
use super::escapes::wrong_escape;
use super::wrap::{Inner, wrapped};
use crate::problem::{ProblemResponse, negotiate, of_status};

/// `router` with what every server has: request ids, the access log and request metrics; limits of bodies; and problems
/// for unknown paths and methods, refused input and panics, in the form that the caller prefers. A path whose percent-encoding is
/// broken is refused before any route sees it.
pub fn standard(router: Router, bodies: impl Into<BodyLimits>) -> Router {
    access::describe();
    let bodies = bodies.into();
    let router = router.fallback(no_such_path).method_not_allowed_fallback(no_such_method);
    let router = router.layer(CatchPanicLayer::custom(failed));
    wrapped(router, move |request, inner| {
        let within_bodies = move |request| bounded(bodies, request, |request| readable(request, inner));
        record(request, move |request| negotiate(request, within_bodies))
    })
    // The limits of axum's own extractors, instead of ours.
    .layer(DefaultBodyLimit::disable())
}

async fn no_such_path(uri: Uri) -> ProblemResponse {
    Problem::new(404, "no_such_path", format!("There is nothing at {}", uri.path())).into()
}

async fn no_such_method(method: Method, uri: Uri) -> ProblemResponse {
    Problem::new(405, "method_not_allowed", format!("{} does not take {method}", uri.path())).into()
}

/// Refuses a path that cannot be read: axum would take its broken escapes for text.
async fn readable(request: Request, inner: Inner) -> Response {
    match wrong_escape(request.uri().path()) {
        None => inner.run(request).await,
        Some(escape) => {
            let text = format!("The path has the escape `{escape}`: write % and two hex digits");
            ProblemResponse::new(of_status(StatusCode::BAD_REQUEST, &text)).into_response()
        }
    }
}

/// A panic ends its request, not the connection. The panic hook has logged it.
fn failed(_: Box<dyn Any + Send>) -> Response {
    let text = "The server failed on this request; its log says why, under the request id";
    ProblemResponse::new(of_status(StatusCode::INTERNAL_SERVER_ERROR, text)).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, Bytes};
    use axum::http::header;
    use axum::routing::{get, post};
    use http::Request;
    use http_body_util::{BodyExt, StreamBody};
    use hyper::body::Frame;
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;
    use crate::problem::PROBLEM_JSON;

    fn router() -> Router {
        async fn panic() -> StatusCode {
            panic!("on purpose")
        }
        let router = Router::new()
            .route("/length", post(|body: Bytes| async move { body.len().to_string() }))
            .route("/panic", get(panic));
        standard(router, 10)
    }

    async fn problem(request: Request<Body>) -> (Response<()>, Value) {
        let response = router().oneshot(request).await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_JSON);
        let (parts, body) = response.into_parts();
        let problem: Value = serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap();
        assert_eq!(problem["status"], parts.status.as_u16());
        (Response::from_parts(parts, ()), problem)
    }

    #[tokio::test]
    async fn unknown_paths_are_problems() {
        let (response, problem) =
            problem(Request::get("/nowhere?secret=1").body(Body::empty()).unwrap()).await;
        assert_eq!((response.status().as_u16(), &problem["code"]), (404, &"no_such_path".into()));
        assert_eq!(problem["detail"], "There is nothing at /nowhere");
    }

    #[tokio::test]
    async fn unknown_methods_are_problems_that_name_the_known() {
        let (response, problem) = problem(Request::get("/length").body(Body::empty()).unwrap()).await;
        assert_eq!((response.status().as_u16(), &problem["code"]), (405, &"method_not_allowed".into()));
        assert_eq!(response.headers()[header::ALLOW], "POST");
    }

    #[tokio::test]
    async fn a_path_with_a_broken_escape_is_a_problem_whatever_its_route() {
        for path in ["/length", "/panic", "/nowhere"] {
            let request = Request::get(format!("{path}%zz")).body(Body::empty()).unwrap();
            let (response, problem) = problem(request).await;
            assert_eq!(
                (response.status().as_u16(), &problem["code"]),
                (400, &"bad_request".into()),
                "{path}"
            );
            assert_eq!(problem["detail"], "The path has the escape `%zz`: write % and two hex digits");
        }
    }

    #[tokio::test]
    async fn a_panic_is_a_problem() {
        let (response, problem) = problem(Request::get("/panic").body(Body::empty()).unwrap()).await;
        assert_eq!((response.status().as_u16(), &problem["code"]), (500, &"internal_error".into()));
        assert!(!problem.to_string().contains("on purpose"), "{problem}");
    }

    #[tokio::test]
    async fn a_body_within_the_limit_is_taken() {
        let request = Request::post("/length").body(Body::from("0123456789")).unwrap();
        let response = router().oneshot(request).await.unwrap();
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "10");
    }

    #[tokio::test]
    async fn a_body_announced_too_large_is_refused() {
        let request =
            Request::post("/length").header(header::CONTENT_LENGTH, 11).body(Body::empty()).unwrap();
        let (response, problem) = problem(request).await;
        assert_eq!((response.status().as_u16(), &problem["code"]), (413, &"body_too_large".into()));
    }

    #[tokio::test]
    async fn a_body_that_grows_too_large_is_refused() {
        let chunks = (0..3).map(|_| Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(b"01234"))));
        let body = Body::new(StreamBody::new(futures::stream::iter(chunks)));
        let (response, problem) = problem(Request::post("/length").body(body).unwrap()).await;
        assert_eq!((response.status().as_u16(), &problem["code"]), (413, &"body_too_large".into()));
        assert_eq!(problem["detail"], "The body is larger than 10 bytes, the most that is taken here");
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_refused_as_such() {
        let chunks = [Ok(Frame::data(Bytes::from_static(b"0"))), Err(std::io::Error::other("reset by peer"))];
        let body = Body::new(StreamBody::new(futures::stream::iter(chunks)));
        let (response, problem) = problem(Request::post("/length").body(body).unwrap()).await;
        assert_eq!((response.status().as_u16(), &problem["code"]), (400, &"body_incomplete".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_is_not_waited_for() {
        let begun = futures::stream::iter([Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(b"0")))]);
        let stalled = futures::StreamExt::chain(begun, futures::stream::pending());
        let body = Body::new(StreamBody::new(stalled));
        let (response, problem) = problem(Request::post("/length").body(body).unwrap()).await;
        assert_eq!((response.status().as_u16(), &problem["code"]), (408, &"body_timeout".into()));
        assert_eq!(problem["detail"], "The body did not come whole within 30s");
        assert_eq!(response.headers()[header::CONNECTION], "close");
    }
}
