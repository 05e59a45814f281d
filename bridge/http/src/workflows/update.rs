//! `POST …/temporal-workflow-intents/{name}/update`: sends an update to a workflow, and waits for its
//! outcome.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bridge_core::UpdateOrder;
use bridge_core::model::IntentKey;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use utoipa::IntoParams;
use workflow_api::{UpdateAnswer, UpdateRequest, UpdateStage};

use super::about::{About, RunParams};
use crate::api::Api;
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::{GoJson, headers, warnings};
use crate::wire::body::{Optional, required};
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
        UPDATE_REJECTED,
        UPDATE_FAILED,
        NO_WORKER,
        UPDATE_NOT_TAKEN
    ],
    TEMPORAL,
    DATABASE
);

/// Parameters of an update.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameter that the handler reads")]
struct UpdateParams {
    /// Maximum time to wait for the outcome: seconds, or text like `1m30s`.
    #[param(example = "30s")]
    wait: Option<String>,
    /// Whether to return the stack traces of a failure.
    #[param(rename = "stackTrace")]
    stack_trace: Option<bool>,
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
        IntentPath,
        BodyParams,
        RunParams,
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
    State(api): State<Arc<Api>>,
    call: Call<IntentKey, About<Outcome>, Optional<UpdateRequest>>,
) -> Result<Response, ApiError> {
    let Optional(UpdateRequest { spec, .. }) = call.body;
    required("$.spec.name", &spec.name)?;
    let to = call.params.addressee(&call.key, spec.run);
    let About { own: Outcome { wait, stack_trace }, idempotency_key, .. } = call.params;
    let update_id = (!spec.update_id.is_empty()).then_some(spec.update_id).or(idempotency_key);
    let order = UpdateOrder { name: spec.name, args: spec.args, update_id, wait };
    let answer = api.app.workflows.update(&call.request, &to, order).await;
    let answer = answer.map_err(|error| if stack_trace { error } else { error.without_stack_traces() })?;
    let warnings = warnings(&call.unknown);
    Ok(match answer.stage {
        UpdateStage::Completed => (warnings, GoJson(answer)).into_response(),
        UpdateStage::Accepted => {
            (StatusCode::ACCEPTED, warnings, headers([(RETRY_AFTER, "1")]), GoJson(answer)).into_response()
        }
    })
}

/// How long to wait for the outcome, and which parts of it to return.
#[derive(Debug)]
pub(crate) struct Outcome {
    wait: Option<Duration>,
    stack_trace: bool,
}

impl CallParams for Outcome {
    fn known() -> Vec<&'static str> {
        vec!["wait", "stackTrace"]
    }

    fn read(params: &Params, _: &HeaderMap) -> Result<Self, ApiError> {
        Ok(Self { wait: params.duration("wait")?, stack_trace: params.flag("stackTrace")? })
    }
}
