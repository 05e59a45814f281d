//! `POST …/temporal-workflow-intents/{name}/terminate`: ends a workflow at once.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use workflow_api::{StopReport, TerminateRequest};

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

/// Terminate a workflow
///
/// Ends it at once, without letting it clean up. `{}` is enough of a body, as for a cancellation.
#[utoipa::path(
    post,
    path = path::TERMINATE,
    tag = "workflows",
    params(
        IntentPath,
        BodyParams,
        RunParams,
        ("Prefer" = Option<String>, Header, description = "`return=representation` for an answer with a body", example = "return=representation"),
    ),
    request_body(content = TerminateRequest, example = json!({
        "metadata": {"name": ""}, "spec": {"reason": "The cluster is gone"},
    })),
    responses(
        (status = 204, description = "The workflow was ended"),
        (status = 200, description = "The same, when a body is preferred", body = StopReport,
            example = json!({"workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "workflowState": "Terminated", "stopped": true, "pendingActivities": []})),
        Problems,
    ),
)]
pub(super) async fn terminate_workflow(
    State(app): State<Arc<App>>,
    verb: Verb,
) -> Result<Response, ApiError> {
    let told = app.terminate(&verb.to, &verb.body, verb.fields, &verb.caller).await?;
    let warnings = warnings(&told.unknown);
    Ok(if verb.representation {
        preferred(warnings, app.stop_report(&told.run).await?)
    } else {
        done(warnings)
    })
}
