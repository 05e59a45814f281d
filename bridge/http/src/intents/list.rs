//! `GET …/temporal-workflow-intents`: lists the workflow intents of a group.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bridge_core::model::DigKey;
use bridge_core::{IntentFilter, Listing};
use http::HeaderMap;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;
use workflow_api::{ClientStanding, WorkflowIntent, WorkflowState};

use crate::api::Api;
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::GoJson;
use crate::wire::call::{Call, CallParams};
use crate::wire::page;
use crate::wire::params::{Params, invalid};
use crate::wire::path::{self, DigPath};
use crate::wire::sample::sample_intent;

problems!(Problems, [INVALID_PARAMETER], DATABASE, TEMPORAL_CONFIGURED);

/// Parameters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters that `read` reads")]
struct ListParams {
    /// Maximum number of intents: 1 to 1000. Without it, all are returned.
    #[param(minimum = 1, maximum = 1000, example = 100)]
    limit: Option<u32>,
    /// Where the page begins: the `Continue` header of the previous page.
    #[param(rename = "continue")]
    position: Option<String>,
    /// Only intents that call this workflow client.
    #[param(rename = "workflowClientName", example = "migrate_workflowclient")]
    workflow_client_name: Option<String>,
    /// Only intents whose workflows run on this task queue.
    #[param(rename = "taskQueue", example = "MIGRATION_TASK_Q")]
    task_queue: Option<String>,
    /// Only intents whose latest run is in this state.
    #[param(inline)]
    state: Option<WorkflowState>,
    /// Only intents whose latest run is of this workflow type.
    #[param(rename = "workflowType", example = "EmcoMigrateWorkflow")]
    workflow_type: Option<String>,
    /// Only intents with this result of the check by their workflow clients: `Accepted`, `Drifted` (the
    /// client would reject it) or `Unknown`.
    #[param(rename = "clientCheck", inline)]
    client_check: Option<ClientStanding>,
}

const KNOWN: [&str; 7] =
    ["limit", "continue", "workflowClientName", "taskQueue", "state", "workflowType", "clientCheck"];

/// List the workflow intents of a deployment intent group
///
/// The list is ordered by name; it is empty if the group has no intents. With `limit`, the headers `Continue`
/// and `Link` lead to the next page. An intent that was never started has no state. Temporal is asked only
/// with `state` or `workflowType`, workflow clients only with `clientCheck`.
#[utoipa::path(
    get,
    path = path::INTENTS,
    tag = "workflow intents",
    params(DigPath, ListParams),
    responses(
        (status = 200, description = "The intents", body = [WorkflowIntent], headers(
            ("Continue" = String, description = "The token of the next page; absent on the last page"),
            ("Link" = String, description = "The URL of the next page (`rel=\"next\"`); absent on the last page"),
        ), example = json!([sample_intent()])),
        Problems,
    ),
)]
pub(crate) async fn list_intents(
    State(api): State<Arc<Api>>,
    call: Call<DigKey, Wanted>,
) -> Result<Response, ApiError> {
    let page = api.app.intents.list(&call.request, &call.key, &call.params.0).await?;
    Ok((page::next(call.uri.query(), page.next), GoJson(page.intents)).into_response())
}

/// The requested part of the list.
#[derive(Debug)]
pub(crate) struct Wanted(Listing);

impl CallParams for Wanted {
    fn known() -> Vec<&'static str> {
        KNOWN.to_vec()
    }

    fn read(params: &Params, _: &HeaderMap) -> Result<Self, ApiError> {
        read(params).map(Self)
    }
}

fn read(params: &Params) -> Result<Listing, ApiError> {
    let state = word(
        params,
        "state",
        "Running, Completed, Failed, Canceled, Terminated, ContinuedAsNew or TimedOut",
    )?;
    let client_check = word(params, "clientCheck", "Accepted, Drifted or Unknown")?;
    Ok(Listing {
        after: page::position(params)?.unwrap_or_default(),
        limit: page::limit(params)?,
        filter: IntentFilter {
            workflow_client_name: params.parsed("workflowClientName")?,
            task_queue: params.parsed("taskQueue")?,
            state,
            workflow_type: params.parsed::<String>("workflowType")?.map(Into::into),
            client_check,
        },
    })
}

/// Parses a parameter that is one of the words of a wire type.
fn word<T: DeserializeOwned>(params: &Params, key: &str, words: &str) -> Result<Option<T>, ApiError> {
    match params.text(key) {
        "" => Ok(None),
        text => serde_json::from_value(text.into())
            .map(Some)
            .map_err(|_not_one| invalid(key, &format!("is `{text}`: write {words}"))),
    }
}
