//! `POST …/temporal-workflow-intents/{name}/terminate`: terminates a workflow.

use axum::response::Response;
use bridge_core::Stop;
use bridge_core::model::IntentKey;
use service::http::headers::prefers_representation;
use workflow_api::{StopReport, TerminateRequest};

use super::about::{RunParams, preferred};
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::{Preference, warnings};
use crate::wire::body::Required;
use crate::wire::call::Call;
use crate::wire::path::{self, DigPath, IntentPath};

problems!(Problems, [NO_SUCH_INTENT, WORKFLOW_CLOSED], TEMPORAL);

/// Terminate a workflow
///
/// The workflow ends at once, without a chance to clean up. `{}` is a sufficient body, as for a cancellation.
#[utoipa::path(
    post,
    path = path::TERMINATE,
    tag = "workflows",
    params(
        DigPath,
        IntentPath,
        RunParams,
        Preference,
    ),
    request_body(content = TerminateRequest, example = json!({
        "metadata": {"name": ""}, "spec": {"reason": "The cluster is gone"},
    })),
    responses(
        (status = 204, description = "The workflow was terminated"),
        (status = 200, description = "The workflow was terminated. With `Prefer: return=representation`: its state now", body = StopReport,
            example = json!({"workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "workflowState": "Terminated", "stopped": true, "pendingActivities": []})),
        Problems,
    ),
)]
pub(crate) async fn terminate_workflow(
    call: Call<IntentKey, RunParams, Required<TerminateRequest>>,
) -> Result<Response, ApiError> {
    let Required(TerminateRequest { spec, .. }) = call.body;
    let report = prefers_representation(&call.headers);
    let stop = Stop { reason: spec.reason, report, details: spec.details, ..Stop::default() };
    let to = call.params.addressee(&call.key, spec.run);
    let report = call.api.app.workflows.terminate(&call.request, &to, &stop).await?;
    Ok(preferred(warnings(&call.unknown), report))
}
