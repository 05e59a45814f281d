//! `POST …/temporal-workflow-intents/{name}/query`: queries a workflow.

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

/// Parameters of a query.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameter that the handler reads")]
struct AskParams {
    /// Timeout of the query: seconds, or text like `1m30s`.
    #[param(example = "10s")]
    timeout: Option<String>,
}

/// Query a workflow
///
/// The workflow's code answers the query without any change. A workflow that has ended can answer as well, as
/// long as a worker is running.
#[utoipa::path(
    post,
    path = path::QUERY,
    tag = "workflows",
    params(IntentPath, BodyParams, RunParams, AskParams),
    request_body(content = QueryRequest, example = json!({
        "metadata": {"name": ""}, "spec": {"type": "current-state", "args": []},
    })),
    responses(
        (status = 200, description = "The result", body = QueryAnswer,
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

/// Timeout of the query.
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
