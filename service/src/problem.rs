//! Problems as HTTP responses (RFC 9457). A handler returns a [`ProblemResponse`]. The layer that every server has
//! ([`http::standard`](crate::http::standard)) turns it into plain text for callers that prefer that, and makes
//! problems of the plain texts with which axum refuses a request.

mod accept;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use workflow_api::Problem;

/// The media type of problem details.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// How much of axum's own text goes into a problem.
const MAX_TEXT: usize = 8 << 10;
/// How many faults a problem lists, and how long each of its texts may be. A caller could otherwise get back many times
/// what it has sent.
const MAX_FAULTS: usize = 100;
const MAX_FAULT: usize = 200;
const MAX_DETAIL: usize = 1000;
/// The member with the number of faults that are not listed.
const MORE_FAULTS: &str = "moreFaults";

/// A problem as the response to a request.
#[derive(Debug, Clone)]
pub struct ProblemResponse {
    // Not in place: a `Result` with it would be large.
    problem: Arc<Problem>,
    retry_after: Option<Duration>,
}

impl ProblemResponse {
    /// Returns the response with this problem, with at most 100 faults and long texts cut.
    pub fn new(mut problem: Problem) -> Self {
        let more = problem.faults.len().saturating_sub(MAX_FAULTS);
        problem.faults.truncate(MAX_FAULTS);
        for fault in &mut problem.faults {
            cut(&mut fault.path, MAX_FAULT);
            cut(&mut fault.message, MAX_FAULT);
        }
        cut(&mut problem.detail, MAX_DETAIL);
        if more > 0 {
            problem = problem.with(MORE_FAULTS, more);
        }
        Self { problem: Arc::new(problem), retry_after: None }
    }

    /// Adds when to try again (`Retry-After`, in whole seconds and at least one).
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// Returns the problem.
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

/// Cuts a text to this number of characters.
pub(crate) fn cut(text: &mut String, most: usize) {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
        text.push('…');
    }
}

/// The layer that makes every error a problem, in the form that the caller prefers.
pub(crate) async fn negotiate(request: Request, next: Next) -> Response {
    let as_text = accept::prefers_text(request.headers().get_all(ACCEPT));
    let response = next.run(request).await;
    if !response.status().is_client_error() && !response.status().is_server_error() {
        return response;
    }
    let response = if is_bare(&response) { with_problem(response).await } else { response };
    if as_text { in_plain_text(response) } else { response }
}

/// Whether the response is a text or empty, as those of axum's extractors and of handlers that return a status.
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
        let more = problem.extensions.get(MORE_FAULTS).map(|more| format!("and {more} more faults\n"));
        let text = format!("{problem}\n{}", more.unwrap_or_default());
        describe(response.headers_mut(), "text/plain; charset=utf-8");
        *response.body_mut() = Body::from(text);
    }
    response
}

/// Sets the headers of a body that replaces another.
fn describe(headers: &mut HeaderMap, media_type: &'static str) {
    headers.remove(http::header::CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
}

/// Returns the problem of a status alone.
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
