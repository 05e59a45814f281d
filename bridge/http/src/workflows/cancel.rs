//! `POST …/temporal-workflow-intents/{name}/cancel`: cancels or terminates a workflow (EMCO-API §1.7).

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use bridge_core::Stop;
use bridge_core::model::IntentKey;
use http::StatusCode;
use http::header::{LOCATION, RETRY_AFTER};
use serde::Deserialize;
use service::http::headers::prefers_representation;
use utoipa::IntoParams;
use workflow_api::{CancelRequest, StopReport};

use super::about::{RunParams, preferred};
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::{GoJson, Preference, headers, warnings};
use crate::wire::body::Required;
use crate::wire::call::Call;
use crate::wire::params::{Both, time};
use crate::wire::path::{self, DigPath, IntentPath};

problems!(Problems, [NO_SUCH_INTENT, WORKFLOW_CLOSED, ESCALATION_OFF], TEMPORAL);

/// Parameters of a cancellation.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub(crate) struct CancelParams {
    /// How long to wait for the workflow to end, and report whether it did: seconds, or text like `1m30s`.
    #[serde(deserialize_with = "time")]
    #[param(value_type = Option<String>, example = "30s")]
    wait: Option<Duration>,
    /// Terminate the workflow if it has not ended after this time: seconds, or text like `1m30s`. It takes
    /// precedence over the one in the body.
    #[serde(deserialize_with = "time")]
    #[param(value_type = Option<String>, example = "60s")]
    escalate_after: Option<Duration>,
}

/// Cancel or terminate a workflow
///
/// A cancelled workflow can clean up first, so it may run for a while; a terminated one ends at once. With
/// `wait`, the response reports whether the workflow has ended. With `escalateAfter`, a workflow that has not
/// ended by then is terminated, even if the bridge restarts in between. Of several such requests for one run,
/// the first one is used. `{}` is a sufficient body: every field is optional. A request without a body is
/// rejected, because a lost body may have named another run. If the run has ended already, the response is
/// 409.
#[utoipa::path(
    post,
    path = path::CANCEL,
    tag = "workflows",
    params(
        DigPath,
        IntentPath,
        RunParams,
        CancelParams,
        Preference,
    ),
    request_body(content = CancelRequest, example = json!({
        "metadata": {"name": ""}, "spec": {"terminate": true, "reason": "Need to upgrade workflow version"},
    })),
    responses(
        (status = 204, description = "The request was sent to the workflow"),
        (status = 200, description = "With `wait`: the workflow has ended. With `Prefer: return=representation`: its state now", body = StopReport,
            example = json!({"workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "workflowState": "Canceled", "stopped": true, "pendingActivities": []})),
        (status = 202, description = "With `wait`: the workflow has not ended yet", body = StopReport,
            headers(("Retry-After" = u32, description = "Seconds"), ("Location" = String, description = "The path of its status")),
            example = json!({
                "workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "workflowState": "Running",
                "stopped": false, "pendingActivities": [{
                    "activityID": "3", "activityType": "DoDigUpdate", "state": "CancelRequested", "attempt": 2,
                    "lastFailure": {"message": "EMCO is away", "type": "EmcoUnavailable"}, "heartbeatAge": 12.5,
                }],
            })),
        Problems,
    ),
)]
pub(crate) async fn cancel_workflow(
    call: Call<IntentKey, Both<RunParams, CancelParams>, Required<CancelRequest>>,
) -> Result<Response, ApiError> {
    let Required(CancelRequest { spec, .. }) = call.body;
    let Both(run, CancelParams { wait, escalate_after }) = call.params;
    let escalate_after = escalate_after.or_else(|| spec.escalate_after.to_duration());
    let report = prefers_representation(&call.headers);
    let stop = Stop { reason: spec.reason, wait, report, escalate_after, details: spec.details };
    let to = run.addressee(&call.key, spec.run);
    let workflows = &call.api.app.workflows;
    let report = match spec.terminate {
        true => workflows.terminate(&call.request, &to, &stop).await?,
        false => workflows.cancel(&call.request, &to, &stop).await?,
    };
    let warnings = warnings(&call.unknown);
    Ok(match report {
        Some(report) if wait.is_some() => (warnings, waited(&call.key, report)).into_response(),
        report => preferred(warnings, report),
    })
}

fn waited(intent: &IntentKey, report: StopReport) -> Response {
    if report.stopped {
        return GoJson(report).into_response();
    }
    let location = path::status_of(intent, &report.workflow_id, &report.run_id);
    let again = headers([(RETRY_AFTER, "1"), (LOCATION, &location)]);
    (StatusCode::ACCEPTED, again, GoJson(report)).into_response()
}
