//! `POST …/temporal-workflow-intents/{name}/query`: asks a workflow.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use utoipa::IntoParams;
use workflow_api::{QueryAnswer, QueryRequest};

use super::answer::{GoJson, warnings};
use super::error::ApiError;
use super::path::{self, IntentPath};
use super::problems::problems;
use super::query::BodyParams;
use super::verb::Verb;
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
    params(IntentPath, BodyParams, AskParams),
    request_body(content = QueryRequest, example = json!({
        "metadata": {"name": ""}, "spec": {"type": "current-state", "args": []},
    })),
    responses(
        (status = 200, description = "The answer", body = QueryAnswer,
            example = json!({"workflowID": "migrate-apps-1", "result": "DoDigUpdate"})),
        Problems,
    ),
)]
pub(super) async fn query_workflow(State(app): State<Arc<App>>, verb: Verb) -> Result<Response, ApiError> {
    let bound = verb.params.duration("timeout")?;
    let answer = app.query(&verb.intent, &verb.body, verb.fields, bound).await?;
    Ok((warnings(&answer.unknown), GoJson(answer.value)).into_response())
}
