//! `POST …/temporal-workflow-intents/{name}/query`: asks a workflow.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use utoipa::IntoParams;
use workflow_api::{QueryAnswer, QueryRequest};

use super::answer::{GoJson, warnings};
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
        QUERY_REJECTED,
        BODY_TOO_LARGE,
        INVALID_BODY,
        QUERY_FAILED,
        NO_WORKER,
        QUERY_TIMEOUT
    ],
    TEMPORAL,
    DATABASE
);

/// The bound of a query.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameter that the handler reads")]
struct AskParams {
    /// How long the workflow may take to answer: seconds, or text like `1m30s`.
    #[param(example = "10s")]
    timeout: Option<String>,
}

/// Ask a workflow
///
/// Puts a query to the workflow's code, which answers without changing anything. Workflows that have ended answer as well,
/// as long as a worker is there.
#[utoipa::path(
    post,
    path = path::QUERY,
    tag = "workflows",
    params(IntentPath, BodyParams, RunParams, AskParams),
    request_body(content = QueryRequest, example = json!({
        "metadata": {"name": ""}, "spec": {"type": "current-state", "args": []},
    })),
    responses(
        (status = 200, description = "The answer", body = QueryAnswer,
            example = json!({"workflowID": "migrate-apps-1", "result": "DoDigUpdate"})),
        Problems,
    ),
)]
pub(super) async fn query_workflow(
    State(app): State<Arc<App>>,
    verb: Verb<Timeout>,
) -> Result<Response, ApiError> {
    let Timeout(bound) = verb.params;
    let answer = app.query(&verb.to, &verb.body, verb.fields, bound).await?;
    Ok((warnings(&answer.unknown), GoJson(answer.value)).into_response())
}

/// How long the workflow may take.
#[derive(Debug)]
pub(super) struct Timeout(Option<Duration>);

impl VerbParams for Timeout {
    const KNOWN: &'static [&'static str] = &["timeout"];

    fn read(params: &Params) -> Result<Self, ApiError> {
        Ok(Self(params.duration("timeout")?))
    }
}
