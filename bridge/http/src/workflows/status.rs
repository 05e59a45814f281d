//! `GET …/temporal-workflow-intents/{name}/status`: returns the status of a workflow (EMCO-API §1.6).

use axum::response::{IntoResponse, Response};
use bridge_core::StatusReport;
use bridge_core::model::IntentKey;
use http::header::{LOCATION, RETRY_AFTER};
use http::{StatusCode, Uri};
use service::http::headers::{PREFERENCE_APPLIED, preferred_wait};
use workflow_api::{RunReference, WorkflowStatus};

use super::about::RunParams;
use super::events;
use super::status_params::StatusParams;
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::problem::workflows::by_method;
use crate::wire::answer::{GoJson, headers, long_status_json};
use crate::wire::call::Call;
use crate::wire::params::Both;
use crate::wire::path::{self, DigPath, IntentPath};

problems!(Problems, [NO_SUCH_INTENT, QUERY_REJECTED, QUERY_FAILED, NO_WORKER, QUERY_TIMEOUT], TEMPORAL);

/// Get the status of a workflow
///
/// The response has Temporal's current data. With `waitForResult`, the response comes when the run and those
/// that continue its work have ended, or with 202 when the timeout expires. Description, history, query and
/// wait are requested in parallel. If one of them fails, `errors` has its problem, and the others are
/// returned as usual. If all of them fail, the response is the problem with the highest status.
///
/// With `Accept: text/event-stream`, the response follows the workflow: a `state` event (a status) reports
/// the state of a run, `history` events are the events of the run, `closed` (a status with result or failure)
/// is the last event, and `problem` reports why the stream ended early. A client that reconnects with
/// `Last-Event-ID` misses no event; after `closed` it gets 204.
#[utoipa::path(
    get,
    path = path::STATUS,
    tag = "workflows",
    params(
        DigPath,
        IntentPath,
        RunParams,
        StatusParams,
        ("Prefer" = Option<String>, Header, description = "`wait=10`: maximum number of seconds to wait, if there is no `timeout`", example = "wait=10"),
        ("Last-Event-ID" = Option<String>, Header, description = "For a stream: the last event that the client received", example = "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071/7"),
    ),
    responses(
        (status = 200, description = "The status", content(
            (WorkflowStatus = "application/json", example = json!({
                "workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071",
                "workflowExecutionDescription": {}, "workflowQueryResult": "DoDigUpdate", "workflowState": "Running",
            })),
            (String = "text/event-stream", example = "event: state\ndata: {\"workflowID\":\"migrate-apps-1\",\"runID\":\"019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071\",\"workflowExecutionDescription\":{},\"workflowState\":\"Running\"}\n\nevent: history\nid: 019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071/1\ndata: {\"eventId\":\"1\",\"eventType\":\"EVENT_TYPE_WORKFLOW_EXECUTION_STARTED\"}\n\n"),
        )),
        (status = 202, description = "The status of a run that has not ended within `timeout`; repeat the request", body = WorkflowStatus,
            headers(("Retry-After" = u32, description = "Seconds"), ("Location" = String, description = "The path of the repeated request")),
            example = json!({"workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "workflowExecutionDescription": {}, "workflowState": "Running"})),
        (status = 204, description = "For a stream whose client has received `closed`: there are no more events"),
        Problems,
    ),
)]
pub(crate) async fn intent_status(
    call: Call<IntentKey, Both<RunParams, StatusParams>>,
) -> Result<Response, ApiError> {
    let Both(run, params) = call.params;
    if events::are_wanted(&call.headers) {
        let wanted = params.stream(&call.headers)?;
        let to = run.addressee(&call.key, RunReference::default());
        // Boxed: otherwise every waiting caller would reserve the memory that a stream needs.
        return Box::pin(events::stream(&call.api, &call.request, &to, wanted)).await;
    }
    let preferred = preferred_wait(&call.headers);
    let wanted = params.status(&run.run_id, preferred)?;
    let to = run.addressee(&call.key, RunReference::default());
    let report = call.api.app.workflows.status(&call.request, &to, &wanted).await?;
    let applied = preferred.map_or_else(String::new, |seconds| format!("wait={seconds}"));
    Ok((headers([(PREFERENCE_APPLIED, &applied)]), written(report, &call.uri)).into_response())
}

/// Returns the response with a status: 202 if the run was still open when the wait ended.
fn written(report: StatusReport, uri: &Uri) -> Response {
    let status = WorkflowStatus { errors: by_method(report.errors), ..report.status };
    let body = match report.more {
        Some(more) => long_status_json(status, more),
        None => GoJson(status).into_response(),
    };
    if !report.unfinished {
        return body;
    }
    let again = headers([(RETRY_AFTER, "1"), (LOCATION, &path::again(uri))]);
    (StatusCode::ACCEPTED, again, body).into_response()
}
