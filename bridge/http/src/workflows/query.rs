//! `POST …/temporal-workflow-intents/{name}/query`: asks a workflow.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bridge_core::model::IntentKey;
use http::HeaderMap;
use utoipa::IntoParams;
use workflow_api::{QueryAnswer, QueryRequest};

use super::about::{About, RunParams};
use crate::api::Api;
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::{GoJson, warnings};
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
pub(crate) async fn query_workflow(
    State(api): State<Arc<Api>>,
    call: Call<IntentKey, About<Timeout>, Optional<QueryRequest>>,
) -> Result<Response, ApiError> {
    let Optional(QueryRequest { spec, .. }) = call.body;
    required("$.spec.type", &spec.query_type)?;
    let to = call.params.addressee(&call.key, spec.run);
    let Timeout(bound) = call.params.own;
    let answer = api.app.workflows.query(&call.request, &to, spec.query_type, spec.args, bound).await?;
    Ok((warnings(&call.unknown), GoJson(answer)).into_response())
}

/// How long the workflow may take.
#[derive(Debug)]
pub(crate) struct Timeout(Option<Duration>);

impl CallParams for Timeout {
    fn known() -> Vec<&'static str> {
        vec!["timeout"]
    }

    fn read(params: &Params, _: &HeaderMap) -> Result<Self, ApiError> {
        Ok(Self(params.duration("timeout")?))
    }
}
