//! Problems as responses, in the form that the caller prefers.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use service::http::standard;
use service::problem::{PROBLEM_JSON, ProblemResponse};
use tower::ServiceExt;
use workflow_api::{Fault, Problem};

async fn refuse() -> ProblemResponse {
    let faults = vec![Fault::new("$.spec", "is missing")];
    ProblemResponse::new(Problem::new(400, "bad_intent", "The intent has 1 fault").with_faults(faults))
        .retry_after(Duration::from_millis(1500))
}

async fn answer(path: &str, accept: Option<&str>) -> (Response<()>, String) {
    let router = Router::new()
        .route("/refuse", get(refuse))
        .route("/bare", get(|| async { (StatusCode::UNPROCESSABLE_ENTITY, "missing field `a`") }))
        .route("/empty", get(|| async { StatusCode::BAD_GATEWAY }))
        .route("/json", get(|| async { (StatusCode::CONFLICT, axum::Json(json!({"own": "form"}))) }))
        .route("/fine", get(|| async { "fine" }));
    let mut request = Request::get(path);
    if let Some(accept) = accept {
        request = request.header(ACCEPT, accept);
    }
    let response = standard(router, 10).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    (Response::from_parts(parts, ()), String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_problem_is_json() {
    for accept in [None, Some("*/*"), Some("application/json"), Some("application/problem+json")] {
        let (response, body) = answer("/refuse", accept).await;
        assert_eq!(response.status(), 400);
        assert_eq!(response.headers()[CONTENT_TYPE], PROBLEM_JSON);
        assert_eq!(response.headers()[RETRY_AFTER], "2");
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(problem["code"], "bad_intent");
        assert_eq!(problem["faults"][0]["path"], "$.spec");
    }
}

#[tokio::test]
async fn callers_that_prefer_text_get_the_same_sentences() {
    let (response, body) = answer("/refuse", Some("text/plain")).await;
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers()[CONTENT_TYPE], "text/plain; charset=utf-8");
    assert_eq!(response.headers()[RETRY_AFTER], "2");
    assert_eq!(body, "The intent has 1 fault\n$.spec: is missing\n");
}

#[tokio::test]
async fn problems_are_bounded_whatever_the_input() {
    let many = async || {
        let long = "é".repeat(60_000);
        let faults = (0..101).map(|_| Fault::new(long.clone(), long.clone())).collect();
        ProblemResponse::new(Problem::new(422, "invalid", long.clone()).with_faults(faults))
    };
    for (accept, end) in [("application/json", "}"), ("text/plain", "\nand 1 more faults\n")] {
        let request = Request::get("/").header(ACCEPT, accept).body(Body::empty()).unwrap();
        let router = standard(Router::new().route("/", get(many)), 10);
        let response = router.oneshot(request).await.unwrap();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert!(body.len() < 100 << 10, "{}", body.len());
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.ends_with(end), "{body}");
        assert_eq!(body.matches(&format!("{}…", "é".repeat(200))).count(), 201);
        if accept == "application/json" {
            let problem: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(problem["faults"].as_array().unwrap().len(), 100);
            assert_eq!(problem["moreFaults"], 1);
        }
    }
}

#[tokio::test]
async fn a_bare_text_becomes_a_problem() {
    let (response, body) = answer("/bare", None).await;
    assert_eq!(response.status(), 422);
    assert_eq!(response.headers()[CONTENT_TYPE], PROBLEM_JSON);
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&problem["code"], &problem["detail"]),
        (&json!("unprocessable"), &json!("missing field `a`"))
    );

    let (_, body) = answer("/bare", Some("text/plain")).await;
    assert_eq!(body, "missing field `a`\n");
}

#[tokio::test]
async fn an_empty_error_says_at_least_its_status() {
    let (response, body) = answer("/empty", None).await;
    assert_eq!(response.status(), 502);
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(problem["detail"], "Bad Gateway");
}

#[tokio::test]
async fn other_answers_stay_as_they_are() {
    for accept in [None, Some("text/plain")] {
        assert_eq!(answer("/json", accept).await.1, r#"{"own":"form"}"#);
        assert_eq!(answer("/fine", accept).await.1, "fine");
    }
}
