//! The response to a start.

use axum::Json;
use axum::http::header::WARNING;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use service::fields::warnings;
use service::http::headers::{PREFERENCE_APPLIED, REPRESENTATION, RUN_ID, WORKFLOW_ID, encoded};
use workflow_api::Started;

/// Returns 204 unless the caller prefers a body: for EMCO's workflowmgr every other status is a failed start (EMCO-API
/// §2.1).
pub(super) fn answer(started: &Started, wants_body: bool, unknown_fields: &[String]) -> Response {
    let mut answer = if wants_body {
        let applied = [(PREFERENCE_APPLIED, REPRESENTATION)];
        (StatusCode::CREATED, applied, Json(started)).into_response()
    } else {
        StatusCode::NO_CONTENT.into_response()
    };
    let headers = answer.headers_mut();
    for (name, id) in [(WORKFLOW_ID, started.workflow_id.as_str()), (RUN_ID, started.run_id.as_str())] {
        if let Ok(id) = HeaderValue::try_from(encoded(id)) {
            headers.insert(name, id);
        }
    }
    for warning in warnings(unknown_fields) {
        headers.append(WARNING, warning);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_ids_are_percent_encoded() {
        let started =
            Started { workflow_id: "é 100%\n".into(), run_id: "r-1".into(), already_running: false };
        let answer = answer(&started, false, &[]);
        assert_eq!(answer.headers()[WORKFLOW_ID], "%C3%A9%20100%25%0A");
        assert_eq!(answer.headers()[RUN_ID], "r-1");
    }
}
