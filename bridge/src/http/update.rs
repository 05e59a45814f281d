//! `POST …/temporal-workflow-intents/{name}/update`: has a workflow do an update, and waits for the outcome.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::RETRY_AFTER;
use utoipa::IntoParams;
use workflow_api::{UpdateAnswer, UpdateRequest, UpdateStage};

use super::answer::{GoJson, headers, warnings};
use super::error::ApiError;
use super::path::{self, IntentPath};
use super::problems::problems;
use super::query::{BodyParams, Params};
use super::verb::{RunParams, Verb, VerbParams};
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
        INVALID_BODY,
        UPDATE_REJECTED,
        UPDATE_FAILED,
        NO_WORKER,
        UPDATE_NOT_TAKEN
    ],
    TEMPORAL,
    DATABASE
);

/// How long to wait for the outcome.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameter that the handler reads")]
struct UpdateParams {
    /// How long to wait for the outcome at most: seconds, or text like `1m30s`.
    #[param(example = "30s")]
    wait: Option<String>,
    /// Whether to tell the stack traces of a failure.
    #[param(rename = "stackTrace")]
    stack_trace: Option<bool>,
}

/// Update a workflow
///
/// The workflow may reject the update, or do it and answer. Requests with the same `updateID` are one update: who gets 202, or
/// lost the answer, repeats the request with the `updateID` and gets the outcome of that update, whatever else the body says.
#[utoipa::path(
    post,
    path = path::UPDATE,
    tag = "workflows",
    params(
        IntentPath,
        BodyParams,
        RunParams,
        UpdateParams,
        ("Idempotency-Key" = Option<String>, Header, description = "The `updateID`, where the body gives none: 1 to 255 visible characters of ASCII"),
    ),
    request_body(content = UpdateRequest, example = json!({
        "metadata": {"name": ""}, "spec": {"name": "set-target", "args": ["cluster2"], "updateID": "set-target-1"},
    })),
    responses(
        (status = 200, description = "The workflow has done it", body = UpdateAnswer, example = json!({
            "workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "updateID": "set-target-1",
            "stage": "Completed", "result": "cluster1",
        })),
        (status = 202, description = "The workflow is at work on it; repeat the request with the `updateID`", body = UpdateAnswer,
            headers(("Retry-After" = u32, description = "Seconds")), example = json!({
                "workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "updateID": "set-target-1",
                "stage": "Accepted",
            })),
        Problems,
    ),
)]
pub(super) async fn update_workflow(
    State(app): State<Arc<App>>,
    verb: Verb<Outcome>,
) -> Result<Response, ApiError> {
    let (Outcome { wait, stack_trace }, key) = (verb.params, verb.idempotency_key);
    let answer = app.update(&verb.to, &verb.body, verb.fields, key, wait, &verb.caller).await;
    let answer = answer.map_err(|error| if stack_trace { error } else { error.without_stack_traces() })?;
    let warnings = warnings(&answer.unknown);
    Ok(match answer.value.stage {
        UpdateStage::Completed => (warnings, GoJson(answer.value)).into_response(),
        UpdateStage::Accepted => {
            (StatusCode::ACCEPTED, warnings, headers([(RETRY_AFTER, "1")]), GoJson(answer.value))
                .into_response()
        }
    })
}

/// How long to wait for the outcome, and what to tell of it.
#[derive(Debug)]
pub(super) struct Outcome {
    wait: Option<Duration>,
    stack_trace: bool,
}

impl VerbParams for Outcome {
    const KNOWN: &'static [&'static str] = &["wait", "stackTrace"];

    fn read(params: &Params) -> Result<Self, ApiError> {
        Ok(Self { wait: params.duration("wait")?, stack_trace: params.flag("stackTrace")? })
    }
}
