//! `POST …/temporal-workflow-intents/{name}/pause` and `/unpause`: pauses a workflow, lets it continue.

use axum::response::Response;
use bridge_core::model::IntentKey;
use bridge_core::{Addressee, Pause};
use http::HeaderMap;
use service::http::headers::prefers_representation;
use workflow_api::{PauseRequest, WorkflowStatus};

use super::about::{RunParams, preferred};
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::{Preference, warnings};
use crate::wire::body::Optional;
use crate::wire::call::Call;
use crate::wire::path::{self, DigPath, IntentPath};

type PauseCall = Call<IntentKey, RunParams, Optional<PauseRequest>>;

problems!(Problems, [NO_SUCH_INTENT, WORKFLOW_CLOSED, PAUSE_OFF], TEMPORAL);

/// Pause a workflow
///
/// The workflow's code does nothing, and none of its activities is started, until it is unpaused; signals and
/// updates are kept for later. A paused workflow can be cancelled and terminated. Pausing a paused workflow
/// changes nothing.
#[utoipa::path(
    post,
    path = path::PAUSE,
    tag = "workflows",
    params(
        DigPath,
        IntentPath,
        RunParams,
        Preference,
    ),
    request_body(content = Option<PauseRequest>, example = json!({
        "metadata": {"name": ""}, "spec": {"reason": "The cluster is being upgraded"},
    })),
    responses(
        (status = 204, description = "The workflow is paused"),
        (status = 200, description = "The workflow is paused. With `Prefer: return=representation`: its status now", body = WorkflowStatus,
            example = json!({"workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "workflowExecutionDescription": {}, "workflowState": "Paused"})),
        Problems,
    ),
)]
pub(crate) async fn pause_workflow(call: PauseCall) -> Result<Response, ApiError> {
    let (to, pause) = order(call.params, &call.key, call.body, &call.headers);
    let status = call.api.app.workflows.pause(&call.request, &to, pause).await?;
    Ok(preferred(warnings(&call.unknown), status))
}

/// Let a paused workflow continue
///
/// Unpausing a workflow that is not paused changes nothing.
#[utoipa::path(
    post,
    path = path::UNPAUSE,
    tag = "workflows",
    params(
        DigPath,
        IntentPath,
        RunParams,
        Preference,
    ),
    request_body(content = Option<PauseRequest>, example = json!({
        "metadata": {"name": ""}, "spec": {"reason": "The cluster is upgraded"},
    })),
    responses(
        (status = 204, description = "The workflow continues"),
        (status = 200, description = "The workflow continues. With `Prefer: return=representation`: its status now", body = WorkflowStatus,
            example = json!({"workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "workflowExecutionDescription": {}, "workflowState": "Running"})),
        Problems,
    ),
)]
pub(crate) async fn unpause_workflow(call: PauseCall) -> Result<Response, ApiError> {
    let (to, pause) = order(call.params, &call.key, call.body, &call.headers);
    let status = call.api.app.workflows.unpause(&call.request, &to, pause).await?;
    Ok(preferred(warnings(&call.unknown), status))
}

/// Returns what both use cases take.
fn order(
    params: RunParams,
    key: &IntentKey,
    Optional(PauseRequest { spec, .. }): Optional<PauseRequest>,
    headers: &HeaderMap,
) -> (Addressee, Pause) {
    let to = params.addressee(key, spec.run);
    (to, Pause { reason: spec.reason, report: prefers_representation(headers) })
}
