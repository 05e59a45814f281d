//! `POST …/temporal-workflow-intents/{name}/reset`: runs a workflow again from a point of its history.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use workflow_api::{ResetAnswer, ResetRequest};

use super::answer::{GoJson, RUN_ID, WORKFLOW_ID, encoded, headers, warnings};
use super::error::ApiError;
use super::path::{self, IntentPath};
use super::problems::problems;
use super::query::BodyParams;
use super::verb::{RunParams, Verb};
use crate::app::App;

problems!(
    Problems,
    [
        NOT_JSON,
        UNKNOWN_FIELDS,
        INVALID_PARAMETER,
        NO_SUCH_INTENT,
        NOTHING_TO_RESET,
        BODY_TOO_LARGE,
        INVALID_BODY
    ],
    TEMPORAL,
    DATABASE
);

/// Reset a workflow
///
/// Ends the run, if it has not ended, and starts one that has the same history up to a point, and goes on from there. Each
/// request is a reset of its own: who lost the answer looks at the runs of the workflow before repeating it.
#[utoipa::path(
    post,
    path = path::RESET,
    tag = "workflows",
    params(
        IntentPath,
        BodyParams,
        RunParams,
    ),
    request_body(content = ResetRequest, example = json!({
        "metadata": {"name": ""}, "spec": {"to": "LastWorkflowTask", "reason": "The worker is mended"},
    })),
    responses(
        (status = 200, description = "The new run", body = ResetAnswer,
            headers(
                ("Workflow-Id" = String, description = "The workflow"),
                ("Run-Id" = String, description = "The new run"),
                ("Location" = String, description = "The path of its status"),
            ),
            example = json!({"workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071"})),
        Problems,
    ),
)]
pub(super) async fn reset_workflow(State(app): State<Arc<App>>, verb: Verb) -> Result<Response, ApiError> {
    let answer = app.reset(&verb.to, &verb.body, verb.fields, &verb.caller).await?;
    let ResetAnswer { workflow_id, run_id } = &answer.value;
    let location = path::status_of(&verb.to.intent, workflow_id, run_id);
    let encoded = encoded(workflow_id.as_str());
    let named = [(WORKFLOW_ID, encoded.as_str()), (RUN_ID, run_id.as_str()), (LOCATION, &location)];
    Ok((warnings(&answer.unknown), headers(named), GoJson(answer.value)).into_response())
}
