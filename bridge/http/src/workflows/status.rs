//! `GET …/temporal-workflow-intents/{name}/status`: how a workflow stands (EMCO-API §1.6).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bridge_core::Addressee;
use bridge_core::model::IntentKey;
use http::StatusCode;
use http::header::{LOCATION, RETRY_AFTER};
use service::http::headers::PREFERENCE_APPLIED;
use workflow_api::WorkflowStatus;

use super::events;
use super::status_params::{Form, StatusParams, Wanted};
use crate::api::Api;
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::problem::workflows::by_method;
use crate::wire::answer::{headers, status_json};
use crate::wire::call::Call;
use crate::wire::path::{self, IntentPath};

problems!(
    Problems,
    [INVALID_PARAMETER, NO_SUCH_INTENT, QUERY_REJECTED, QUERY_FAILED, NO_WORKER, QUERY_TIMEOUT],
    TEMPORAL,
    DATABASE
);

/// Get the status of a workflow
///
/// Answers from Temporal as it is now. With `waitForResult` it answers when the run has ended and no other goes on with its work, or
/// with 202 when the time is up. Description, history, query and wait are asked side by side: where one of them fails, `errors` says
/// why and the others are told all the same; where all that was asked for fails, the answer is the worst of their problems.
///
/// With `Accept: text/event-stream` the workflow is followed: `state` events (a status) say how a run stands, `history` events are
/// the events of the run, `closed` (a status with result or failure) is the last, `problem` says why the stream broke off. A client
/// that comes back with `Last-Event-ID` misses nothing; after `closed` it gets 204.
#[utoipa::path(
    get,
    path = path::STATUS,
    tag = "workflows",
    params(
        IntentPath,
        StatusParams,
        ("Prefer" = Option<String>, Header, description = "`wait=10`: how many seconds to wait at most, where `timeout` does not say", example = "wait=10"),
        ("Last-Event-ID" = Option<String>, Header, description = "Of a stream: the last event that arrived", example = "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071/7"),
    ),
    responses(
        (status = 200, description = "The status", content(
            (WorkflowStatus = "application/json", example = json!({
                "workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071",
                "workflowExecutionDescription": {}, "workflowQueryResult": "DoDigUpdate", "workflowState": "Running",
            })),
            (String = "text/event-stream", example = "event: state\ndata: {\"workflowID\":\"migrate-apps-1\",\"runID\":\"019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071\",\"workflowExecutionDescription\":{},\"workflowState\":\"Running\"}\n\nevent: history\nid: 019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071/1\ndata: {\"eventId\":\"1\",\"eventType\":\"EVENT_TYPE_WORKFLOW_EXECUTION_STARTED\"}\n\n"),
        )),
        (status = 202, description = "The status of a run that has not ended within `timeout`; ask again", body = WorkflowStatus,
            headers(("Retry-After" = u32, description = "Seconds"), ("Location" = String, description = "What to ask again")),
            example = json!({"workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "workflowExecutionDescription": {}, "workflowState": "Running"})),
        (status = 204, description = "To a stream's client that has seen `closed`: nothing more is to come"),
        Problems,
    ),
)]
pub(crate) async fn intent_status(
    State(api): State<Arc<Api>>,
    call: Call<IntentKey, Wanted>,
) -> Result<Response, ApiError> {
    let to = Addressee { intent: call.key, run: call.params.run };
    let (wanted, preferred) = match call.params.form {
        // Boxed: what a stream keeps would else be kept for each caller who waits, too.
        Form::Stream(wanted) => return Box::pin(events::stream(&api, &call.request, &to, wanted)).await,
        Form::Status(wanted, preferred) => (wanted, preferred),
    };
    let report = api.app.workflows.status(&call.request, &to, &wanted).await?;
    let applied = preferred.map_or_else(String::new, |seconds| format!("wait={seconds}"));
    let mut hints = headers([(PREFERENCE_APPLIED, &applied)]);
    let mut code = StatusCode::OK;
    if report.unfinished {
        code = StatusCode::ACCEPTED;
        hints.extend(headers([
            (RETRY_AFTER, "1"),
            (LOCATION, call.uri.path_and_query().map_or("", |whole| whole.as_str())),
        ]));
    }
    let status = WorkflowStatus { errors: by_method(report.errors), ..report.status };
    Ok((code, hints, status_json(&status)).into_response())
}
