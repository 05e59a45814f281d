//! `POST …/temporal-workflow-intents/{name}/update`: sends an update to a workflow, and waits for its
//! outcome.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use bridge_core::UpdateOrder;
use bridge_core::model::IntentKey;
use http::StatusCode;
use http::header::RETRY_AFTER;
use serde::Deserialize;
use utoipa::IntoParams;
use workflow_api::{UpdateAnswer, UpdateRequest, UpdateStage};

use super::about::{CheckParam, RunParams};
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::{GoJson, headers, warnings};
use crate::wire::body::{Optional, required};
use crate::wire::call::Call;
use crate::wire::params::{Both, idempotency_key, time};
use crate::wire::path::{self, DigPath, IntentPath};

problems!(
    Problems,
    [
        NO_SUCH_INTENT,
        WORKFLOW_CLOSED,
        INVALID_MESSAGE,
        UPDATE_REJECTED,
        UPDATE_FAILED,
        NO_WORKER,
        UPDATE_NOT_TAKEN
    ],
    TEMPORAL
);

/// Parameters of an update.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub(crate) struct UpdateParams {
    /// Maximum time to wait for the outcome: seconds, or text like `1m30s`.
    #[serde(deserialize_with = "time")]
    #[param(value_type = Option<String>, example = "30s")]
    wait: Option<Duration>,
    /// Whether to return the stack traces of a failure.
    stack_trace: bool,
}

/// Update a workflow
///
/// The workflow can reject the update, or carry it out and return a result. Requests with the same `updateID`
/// are one update. After 202 or a lost response, repeat the request with the `updateID` to get the outcome of
/// that update; the rest of the body is then ignored.
#[utoipa::path(
    post,
    path = path::UPDATE,
    tag = "workflows",
    params(
        DigPath,
        IntentPath,
        RunParams,
        CheckParam,
        UpdateParams,
        ("Idempotency-Key" = Option<String>, Header, description = "The `updateID`, if the body has none: 1 to 255 visible ASCII characters"),
    ),
    request_body(content = UpdateRequest, example = json!({
        "metadata": {"name": ""}, "spec": {"name": "set-target", "args": ["cluster2"], "updateID": "set-target-1"},
    })),
    responses(
        (status = 200, description = "The update has completed", body = UpdateAnswer, example = json!({
            "workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "updateID": "set-target-1",
            "stage": "Completed", "result": "cluster1",
        })),
        (status = 202, description = "The workflow has accepted the update but not completed it; repeat the request with the `updateID`", body = UpdateAnswer,
            headers(("Retry-After" = u32, description = "Seconds")), example = json!({
                "workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "updateID": "set-target-1",
                "stage": "Accepted",
            })),
        Problems,
    ),
)]
pub(crate) async fn update_workflow(
    call: Call<IntentKey, Both<Both<RunParams, CheckParam>, UpdateParams>, Optional<UpdateRequest>>,
) -> Result<Response, ApiError> {
    let Optional(UpdateRequest { spec, .. }) = call.body;
    required("$.spec.name", &spec.name, &call.unknown)?;
    let Both(Both(run, check), UpdateParams { wait, stack_trace }) = call.params;
    let to = run.addressee(&call.key, spec.run);
    let key = idempotency_key(&call.headers)?;
    let update_id = (!spec.update_id.is_empty()).then_some(spec.update_id).or(key);
    let order = UpdateOrder { name: spec.name, args: spec.args, update_id, wait, unchecked: check.skips() };
    let answer = call.api.app.workflows.update(&call.request, &to, order).await;
    let answer = answer.map_err(|error| if stack_trace { error } else { error.without_stack_traces() })?;
    let warnings = warnings(&call.unknown);
    Ok(match answer.stage {
        UpdateStage::Completed => (warnings, GoJson(answer)).into_response(),
        UpdateStage::Accepted => {
            (StatusCode::ACCEPTED, warnings, headers([(RETRY_AFTER, "1")]), GoJson(answer)).into_response()
        }
    })
}
