//! `POST …/temporal-workflow-intents/{name}/cancel`: tells a workflow to end (EMCO-API §1.7).

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bridge_core::Stop;
use bridge_core::model::IntentKey;
use http::header::{LOCATION, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use utoipa::IntoParams;
use workflow_api::{CancelRequest, StopReport};

use super::about::{About, RunParams, preferred};
use crate::api::Api;
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::{GoJson, headers, warnings};
use crate::wire::body::Required;
use crate::wire::call::{Call, CallParams};
use crate::wire::params::{BodyParams, Params};
use crate::wire::path::{self, IntentPath};

problems!(
    Problems,
    [
        NOT_JSON,
        UNKNOWN_FIELDS,
        INVALID_PARAMETER,
        NO_SUCH_INTENT,
        WORKFLOW_CLOSED,
        BODY_TOO_LARGE,
        INVALID_BODY,
        ESCALATION_OFF
    ],
    TEMPORAL,
    DATABASE
);

/// What a cancellation may come with.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters that `Wanted` reads")]
struct CancelParams {
    /// Wait so long for the workflow to end, and tell whether it did: seconds, or text like `1m30s`.
    #[param(example = "30s")]
    wait: Option<String>,
    /// Terminate the workflow if it has not ended after so long: seconds, or text like `1m30s`. Counts before the body's.
    #[param(rename = "escalateAfter", example = "60s")]
    escalate_after: Option<String>,
}

/// Cancel or terminate a workflow
///
/// Cancelling lets the workflow clean up first, so it may run on for a while; terminating ends it at once. With `wait`, the answer
/// tells whether it has ended. With `escalateAfter`, a workflow that has not ended by then is terminated, whatever becomes of
/// the bridge; of several such requests for one run the first counts. `{}` is enough of a body: every part of it may be left
/// out. Without any body nothing is done: one that was lost may have named another run. A run that
/// has ended already is a conflict.
#[utoipa::path(
    post,
    path = path::CANCEL,
    tag = "workflows",
    params(
        IntentPath,
        BodyParams,
        RunParams,
        CancelParams,
        ("Prefer" = Option<String>, Header, description = "`return=representation` for an answer with a body", example = "return=representation"),
    ),
    request_body(content = CancelRequest, example = json!({
        "metadata": {"name": ""}, "spec": {"terminate": true, "reason": "Need to upgrade workflow version"},
    })),
    responses(
        (status = 204, description = "The workflow was told to end"),
        (status = 200, description = "With `wait`: the workflow has ended. When a body is preferred: how it stands now", body = StopReport,
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
    State(api): State<Arc<Api>>,
    call: Call<IntentKey, About<Wanted>, Required<CancelRequest>>,
) -> Result<Response, ApiError> {
    let Required(CancelRequest { spec, .. }) = call.body;
    let Wanted { wait, escalate_after } = call.params.own;
    let escalate_after = escalate_after.or_else(|| spec.escalate_after.to_duration());
    let report = call.params.representation;
    let stop = Stop { reason: spec.reason, wait, report, escalate_after, details: spec.details };
    let to = call.params.addressee(&call.key, spec.run);
    let workflows = &api.app.workflows;
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

/// The parameters of a cancellation.
#[derive(Debug)]
pub(crate) struct Wanted {
    wait: Option<Duration>,
    escalate_after: Option<Duration>,
}

impl CallParams for Wanted {
    fn known() -> Vec<&'static str> {
        vec!["wait", "escalateAfter"]
    }

    fn read(params: &Params, _: &HeaderMap) -> Result<Self, ApiError> {
        Ok(Self { wait: params.duration("wait")?, escalate_after: params.duration("escalateAfter")? })
    }
}

fn waited(intent: &IntentKey, report: StopReport) -> Response {
    if report.stopped {
        return GoJson(report).into_response();
    }
    let location = path::status_of(intent, &report.workflow_id, &report.run_id);
    let again = headers([(RETRY_AFTER, "1"), (LOCATION, &location)]);
    (StatusCode::ACCEPTED, again, GoJson(report)).into_response()
}
