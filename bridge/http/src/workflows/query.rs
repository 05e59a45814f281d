//! `POST …/temporal-workflow-intents/{name}/query`: queries a workflow.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use bridge_core::QueryOrder;
use bridge_core::model::IntentKey;
use serde::Deserialize;
use utoipa::IntoParams;
use workflow_api::{QueryAnswer, QueryRequest};

use super::about::{CheckParam, RunParams};
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::{GoJson, warnings};
use crate::wire::body::{Optional, required};
use crate::wire::call::Call;
use crate::wire::params::{Both, some_time};
use crate::wire::path::{self, DigPath, IntentPath};

problems!(
    Problems,
    [NO_SUCH_INTENT, INVALID_MESSAGE, QUERY_REJECTED, QUERY_FAILED, NO_WORKER, QUERY_TIMEOUT],
    TEMPORAL
);

/// Parameters of a query.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct AskParams {
    /// Timeout of the query: seconds, or text like `1m30s`.
    #[serde(deserialize_with = "some_time")]
    #[param(value_type = Option<String>, example = "10s")]
    timeout: Option<Duration>,
}

/// Query a workflow
///
/// The workflow's code answers the query without any change. A workflow that has ended can answer as well, as
/// long as a worker is running.
#[utoipa::path(
    post,
    path = path::QUERY,
    tag = "workflows",
    params(DigPath, IntentPath, RunParams, CheckParam, AskParams),
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
    call: Call<IntentKey, Both<Both<RunParams, CheckParam>, AskParams>, Optional<QueryRequest>>,
) -> Result<Response, ApiError> {
    let Optional(QueryRequest { spec, .. }) = call.body;
    required("$.spec.type", &spec.query_type, &call.unknown)?;
    let Both(Both(run, check), AskParams { timeout }) = call.params;
    let to = run.addressee(&call.key, spec.run);
    let (query_type, unchecked) = (spec.query_type, check.skips());
    let order = QueryOrder { query_type, args: spec.args, bound: timeout, unchecked };
    let answer = call.api.app.workflows.query(&call.request, &to, order).await?;
    Ok((warnings(&call.unknown), GoJson(answer)).into_response())
}
