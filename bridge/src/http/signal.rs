//! `POST …/temporal-workflow-intents/{name}/signal`: sends a signal to a workflow.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use workflow_api::{SignalRequest, WorkflowStatus};

use super::answer::warnings;
use super::error::ApiError;
use super::path::{self, IntentPath};
use super::problems::problems;
use super::query::BodyParams;
use super::verb::{RunParams, Verb, done, preferred};
use crate::app::App;

problems!(
    Problems,
    [
        NOT_JSON,
        UNKNOWN_FIELDS,
        INVALID_PARAMETER,
        NO_SUCH_INTENT,
        WORKFLOW_CLOSED,
        BODY_TOO_LARGE,
        INVALID_BODY
    ],
    TEMPORAL,
    DATABASE
);

/// Send a signal to a workflow
///
/// Temporal keeps the signal for the workflow. Whether the workflow knows it, or does anything about it, only the workflow
/// can tell: ask it with a query, or use an update instead. Requests with the same `Idempotency-Key` are one signal.
#[utoipa::path(
    post,
    path = path::SIGNAL,
    tag = "workflows",
    params(
        IntentPath,
        BodyParams,
        RunParams,
        ("Idempotency-Key" = Option<String>, Header, description = "Makes repeats one signal: 1 to 255 visible characters of ASCII"),
        ("Prefer" = Option<String>, Header, description = "`return=representation` for an answer with a body", example = "return=representation"),
    ),
    request_body(content = SignalRequest, example = json!({
        "metadata": {"name": ""}, "spec": {"name": "open", "args": [{"gate": 1}]},
    })),
    responses(
        (status = 204, description = "The signal was sent"),
        (status = 200, description = "The same, when a body is preferred: how the workflow stands now", body = WorkflowStatus,
            example = json!({"workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "workflowExecutionDescription": {}, "workflowState": "Running"})),
        Problems,
    ),
)]
pub(super) async fn signal_workflow(State(app): State<Arc<App>>, verb: Verb) -> Result<Response, ApiError> {
    let key = verb.idempotency_key;
    let told = app.signal(&verb.to, &verb.body, verb.fields, key, &verb.caller).await?;
    let warnings = warnings(&told.unknown);
    Ok(if verb.representation { preferred(warnings, app.outline(&told.run).await?) } else { done(warnings) })
}
