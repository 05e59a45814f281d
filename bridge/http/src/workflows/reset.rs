//! `POST …/temporal-workflow-intents/{name}/reset`: restarts a workflow from a point of its history.

use axum::response::{IntoResponse, Response};
use bridge_core::model::IntentKey;
use bridge_core::ports::ResetPoint;
use http::header::LOCATION;
use service::http::headers::{RUN_ID, WORKFLOW_ID, encoded};
use workflow_api::{Fault, ResetAnswer, ResetRequest, ResetSpec};

use super::about::RunParams;
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::{GoJson, headers, warnings};
use crate::wire::body::{Optional, incomplete};
use crate::wire::call::Call;
use crate::wire::path::{self, DigPath, IntentPath};

problems!(Problems, [NO_SUCH_INTENT, NOTHING_TO_RESET], TEMPORAL);

/// Reset a workflow
///
/// Ends the run, if it has not ended, and starts a new run. The new run has the same history up to the given
/// point, and continues from there. Each request is a separate reset: after a lost response, look at the runs
/// of the workflow before you repeat the request.
#[utoipa::path(
    post,
    path = path::RESET,
    tag = "workflows",
    params(
        DigPath,
        IntentPath,
        RunParams,
    ),
    request_body(content = ResetRequest, example = json!({
        "metadata": {"name": ""}, "spec": {"to": "LastWorkflowTask", "reason": "The worker is fixed"},
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
pub(crate) async fn reset_workflow(
    call: Call<IntentKey, RunParams, Optional<ResetRequest>>,
) -> Result<Response, ApiError> {
    let Optional(ResetRequest { spec, .. }) = call.body;
    let point = point(&spec).map_err(incomplete)?;
    let to = call.params.addressee(&call.key, spec.run);
    let answer = call.api.app.workflows.reset(&call.request, &to, point, spec.reason).await?;
    let ResetAnswer { workflow_id, run_id } = &answer;
    let location = path::status_of(&to.intent, workflow_id, run_id);
    let encoded = encoded(workflow_id.as_str());
    let named = [(WORKFLOW_ID, encoded.as_str()), (RUN_ID, run_id.as_str()), (LOCATION, &location)];
    Ok((warnings(&call.unknown), headers(named), GoJson(answer)).into_response())
}

fn point(spec: &ResetSpec) -> Result<ResetPoint, Fault> {
    match (spec.to.as_str(), spec.event_id) {
        ("FirstWorkflowTask", 0) => Ok(ResetPoint::FirstWorkflowTask),
        ("LastWorkflowTask", 0) => Ok(ResetPoint::LastWorkflowTask),
        ("", 1..) => Ok(ResetPoint::Event(spec.event_id)),
        ("", 0) => {
            Err(Fault::new("$.spec.to", "write FirstWorkflowTask or LastWorkflowTask, or give an eventID"))
        }
        ("", _) => Err(Fault::new("$.spec.eventID", "is not an event: events are numbered from 1")),
        ("FirstWorkflowTask" | "LastWorkflowTask", _) => {
            Err(Fault::new("$.spec.eventID", "cannot be given together with `to`"))
        }
        (other, _) => {
            Err(Fault::new("$.spec.to", format!("is `{other}`: write FirstWorkflowTask or LastWorkflowTask")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_point_is_named() {
        let named =
            |to: &str, event_id| point(&ResetSpec { to: to.to_owned(), event_id, ..ResetSpec::default() });
        assert_eq!(named("FirstWorkflowTask", 0), Ok(ResetPoint::FirstWorkflowTask));
        assert_eq!(named("LastWorkflowTask", 0), Ok(ResetPoint::LastWorkflowTask));
        assert_eq!(named("", 4), Ok(ResetPoint::Event(4)));
        for (to, event_id, path) in [
            ("", 0, "$.spec.to"),
            ("Beginning", 0, "$.spec.to"),
            ("", -1, "$.spec.eventID"),
            ("LastWorkflowTask", 4, "$.spec.eventID"),
        ] {
            assert_eq!(named(to, event_id).unwrap_err().path, path, "{to} {event_id}");
        }
    }
}
