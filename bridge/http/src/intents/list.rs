//! `GET …/temporal-workflow-intents`: lists the workflow intents of a group.

use axum::response::{IntoResponse, Response};
use bridge_core::model::DigKey;
use bridge_core::{IntentFilter, Listing};
use serde::Deserialize;
use utoipa::IntoParams;
use workflow_api::{ClientStanding, WorkflowIntent, WorkflowState, WorkflowType};

use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::large_json;
use crate::wire::call::Call;
use crate::wire::page::{self, PageParams};
use crate::wire::params::{Both, unless_empty};
use crate::wire::path::{self, DigPath};
use crate::wire::sample::sample_intent;

problems!(Problems, TEMPORAL_CONFIGURED);

/// Filters of the list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub(crate) struct FilterParams {
    /// Only intents that call this workflow client.
    #[param(example = "migrate_workflowclient")]
    workflow_client_name: Option<String>,
    /// Only intents whose workflows run on this task queue.
    #[param(example = "MIGRATION_TASK_Q")]
    task_queue: Option<String>,
    /// Only intents whose latest run is in this state.
    #[serde(deserialize_with = "unless_empty")]
    #[param(inline)]
    state: Option<WorkflowState>,
    /// Only intents whose latest run is of this workflow type.
    #[param(value_type = Option<String>, example = "EmcoMigrateWorkflow")]
    workflow_type: Option<WorkflowType>,
    /// Only intents with this result of the check by their workflow clients: `Accepted`, `Drifted` (the
    /// client would reject it) or `Unknown`.
    #[serde(deserialize_with = "unless_empty")]
    #[param(inline)]
    client_check: Option<ClientStanding>,
}

/// List the workflow intents of a deployment intent group
///
/// The list is ordered by name; it is empty if the group has no intents. With `limit`, the headers `Continue`
/// and `Link` lead to the next page. An intent that was never started has no state. Temporal is asked only
/// with `state` or `workflowType`, workflow clients only with `clientCheck`. With one of these filters, each
/// page examines at most 200 intents; so a page can have fewer than `limit`, even none, and `Continue` leads
/// on until it is absent.
#[utoipa::path(
    get,
    path = path::INTENTS,
    tag = "workflow intents",
    params(DigPath, PageParams, FilterParams),
    responses(
        (status = 200, description = "The intents", body = [WorkflowIntent], headers(
            ("Continue" = String, description = "The token of the next page; absent on the last page"),
            ("Link" = String, description = "The URL of the next page (`rel=\"next\"`); absent on the last page"),
        ), example = json!([sample_intent()])),
        Problems,
    ),
)]
pub(crate) async fn list_intents(
    call: Call<DigKey, Both<PageParams, FilterParams>>,
) -> Result<Response, ApiError> {
    let Both(page, filter) = call.params;
    let listing = Listing {
        after: page.after()?.unwrap_or_default(),
        limit: page.limit()?,
        filter: IntentFilter {
            workflow_client_name: filter.workflow_client_name,
            task_queue: filter.task_queue,
            state: filter.state,
            workflow_type: filter.workflow_type,
            client_check: filter.client_check,
        },
    };
    let page = call.api.app.intents.list(&call.request, &call.key, &listing).await?;
    let size = page.intents.iter().map(|intent| intent.size()).sum();
    let intents = large_json(size, page.intents).await;
    Ok((page::next(call.uri.query(), page.next), intents).into_response())
}
