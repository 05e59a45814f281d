//! What every server does, whatever its routes.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use serde_json::Value;
use service::http::standard;
use service::problem::PROBLEM_JSON;
use tower::ServiceExt;

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
    let (response, problem) = problem(Request::get("/nowhere?secret=1").body(Body::empty()).unwrap()).await;
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
        assert_eq!((response.status().as_u16(), &problem["code"]), (400, &"bad_request".into()), "{path}");
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
    let request = Request::post("/length").body(Body::from("0123456789a")).unwrap();
    let (response, problem) = problem(request).await;
    assert_eq!((response.status().as_u16(), &problem["code"]), (413, &"body_too_large".into()));
}

#[tokio::test]
async fn a_body_that_grows_too_large_is_refused() {
    let chunks = (0..3).map(|_| Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(b"01234"))));
    let body = Body::new(StreamBody::new(futures::stream::iter(chunks)));
    let (response, problem) = problem(Request::post("/length").body(body).unwrap()).await;
    assert_eq!((response.status().as_u16(), &problem["code"]), (413, &"body_too_large".into()));
    assert_eq!(problem["detail"], "The body is larger than 10 bytes, which is the limit");
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
    assert_eq!(problem["detail"], "The body did not arrive within 30s");
    assert_eq!(response.headers()[header::CONNECTION], "close");
}
