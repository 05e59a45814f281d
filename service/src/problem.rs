//! Problems as HTTP answers (RFC 9457). A handler returns a [`ProblemResponse`]; the layer that every server has
//! ([`http::standard`](crate::http::standard)) gives a caller who prefers plain text the same sentences as plain text,
//! and makes problems of the bare texts with which axum refuses a request.

mod accept;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use workflow_api::Problem;

/// The media type of problem details.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// How much of axum's own text a problem takes over.
const MAX_TEXT: usize = 8 << 10;

/// A problem as the answer to a request.
#[derive(Debug, Clone)]
pub struct ProblemResponse {
    // Not in place: a `Result` with it would be large.
    problem: Arc<Problem>,
    retry_after: Option<Duration>,
}

impl ProblemResponse {
    /// The answer that says `problem`.
    pub fn new(problem: Problem) -> Self {
        Self { problem: Arc::new(problem), retry_after: None }
    }

    /// The same, telling the caller when to try again (`Retry-After`, in whole seconds and at least one).
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// What it says.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl From<Problem> for ProblemResponse {
    fn from(problem: Problem) -> Self {
        Self::new(problem)
    }
}

impl IntoResponse for ProblemResponse {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&*self.problem).unwrap_or_else(|error| {
            tracing::error!(%error, code = self.problem.code, "a problem cannot be written as JSON");
            Vec::new()
        });
        let mut response = (status, [(CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
        if let Some(after) = self.retry_after {
            let seconds = after.as_millis().div_ceil(1000).max(1);
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX)));
        }
        response.extensions_mut().insert(self.problem);
        response
    }
}

/// The layer: every error answer is a problem, in the form that the caller prefers.
pub(crate) async fn negotiate<F: Future<Output = Response>>(
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let as_text = accept::prefers_text(request.headers().get_all(ACCEPT));
    let response = next(request).await;
    if !response.status().is_client_error() && !response.status().is_server_error() {
        return response;
    }
    let response = if is_bare(&response) { with_problem(response).await } else { response };
    if as_text { in_plain_text(response) } else { response }
}

/// An error that is a text or nothing, as axum's extractors and hand-written status codes answer it.
fn is_bare(response: &Response) -> bool {
    response.extensions().get::<Arc<Problem>>().is_none()
        && response.headers().get(CONTENT_TYPE).is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"))
}

async fn with_problem(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let text = to_bytes(body, MAX_TEXT).await.unwrap_or_default();
    let problem =
        ProblemResponse::new(of_status(parts.status, String::from_utf8_lossy(&text).trim())).into_response();
    let (problem_parts, body) = problem.into_parts();
    describe(&mut parts.headers, PROBLEM_JSON);
    parts.extensions.extend(problem_parts.extensions);
    Response::from_parts(parts, body)
}

fn in_plain_text(mut response: Response) -> Response {
    if let Some(problem) = response.extensions().get::<Arc<Problem>>() {
        // With a newline at the end, as Go's http.Error writes it (EMCO-API §0.3).
        let text = format!("{problem}\n");
        describe(response.headers_mut(), "text/plain; charset=utf-8");
        *response.body_mut() = Body::from(text);
    }
    response
}

/// The headers of a body that replaces another.
fn describe(headers: &mut HeaderMap, media_type: &'static str) {
    headers.remove(http::header::CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
}

/// The problem that a status alone stands for.
pub(crate) fn of_status(status: StatusCode, text: &str) -> Problem {
    let code = match status {
        StatusCode::BAD_REQUEST => "bad_request",
        StatusCode::UNAUTHORIZED => "unauthorized",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::PAYLOAD_TOO_LARGE => "body_too_large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported_media_type",
        StatusCode::UNPROCESSABLE_ENTITY => "unprocessable",
        status if status.is_client_error() => "client_error",
        _ => "internal_error",
    };
    let text = if text.is_empty() { status.canonical_reason().unwrap_or("The request failed") } else { text };
    Problem::new(status.as_u16(), code, text)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use serde_json::{Value, json};
    use tower::ServiceExt;
    use workflow_api::Fault;

    use super::*;
    use crate::http::wrapped;

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
        let router = wrapped(router, |request, inner| negotiate(request, |request| inner.run(request)));
        let mut request = Request::get(path);
        if let Some(accept) = accept {
            request = request.header(ACCEPT, accept);
        }
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
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
    async fn the_same_sentences_go_to_callers_who_prefer_text() {
        let (response, body) = answer("/refuse", Some("text/plain")).await;
        assert_eq!(response.status(), 400);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/plain; charset=utf-8");
        assert_eq!(response.headers()[RETRY_AFTER], "2");
        assert_eq!(body, "The intent has 1 fault\n$.spec: is missing\n");
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
}
