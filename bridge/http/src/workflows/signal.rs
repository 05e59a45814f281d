//! `POST …/temporal-workflow-intents/{name}/signal`: sends a signal to a workflow.

use axum::response::Response;
use bridge_core::SignalOrder;
use bridge_core::model::IntentKey;
use service::http::headers::prefers_representation;
use workflow_api::{SignalRequest, WorkflowStatus};

use super::about::{CheckParam, RunParams, preferred};
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::{Preference, warnings};
use crate::wire::body::{Optional, required};
use crate::wire::call::Call;
use crate::wire::params::{Both, idempotency_key};
use crate::wire::path::{self, DigPath, IntentPath};

problems!(Problems, [NO_SUCH_INTENT, WORKFLOW_CLOSED, INVALID_MESSAGE], TEMPORAL);

/// Send a signal to a workflow
///
/// A signal that the workflow client declares otherwise is refused. Temporal delivers any other to the workflow. The
/// response does not show whether the workflow has a handler for it: use a query to find out, or an update
/// instead of a signal. Requests with the same `Idempotency-Key` are one signal.
#[utoipa::path(
    post,
    path = path::SIGNAL,
    tag = "workflows",
    params(
        DigPath,
        IntentPath,
        RunParams,
        CheckParam,
        ("Idempotency-Key" = Option<String>, Header, description = "Requests with the same key are one signal: 1 to 255 visible ASCII characters"),
        Preference,
    ),
    request_body(content = SignalRequest, example = json!({
        "metadata": {"name": ""}, "spec": {"name": "open", "args": [{"gate": 1}]},
    })),
    responses(
        (status = 204, description = "The signal was sent"),
        (status = 200, description = "The signal was sent. With `Prefer: return=representation`: the status of the workflow now", body = WorkflowStatus,
            example = json!({"workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "workflowExecutionDescription": {}, "workflowState": "Running"})),
        Problems,
    ),
)]
pub(crate) async fn signal_workflow(
    call: Call<IntentKey, Both<RunParams, CheckParam>, Optional<SignalRequest>>,
) -> Result<Response, ApiError> {
    let Optional(SignalRequest { spec, .. }) = call.body;
    required("$.spec.name", &spec.name, &call.unknown)?;
    let Both(run, check) = call.params;
    let to = run.addressee(&call.key, spec.run);
    let (key, report) = (idempotency_key(&call.headers)?, prefers_representation(&call.headers));
    let order = SignalOrder { name: spec.name, args: spec.args, key, report, unchecked: check.skips() };
    let status = call.api.app.workflows.signal(&call.request, &to, order).await?;
    Ok(preferred(warnings(&call.unknown), status))
}
