//! `GET /v2/deployment-intent-groups`: lists the groups that have intents.

use axum::response::{IntoResponse, Response};
use bridge_core::model::DigKey;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::ApiError;
use crate::wire::answer::GoJson;
use crate::wire::call::Call;
use crate::wire::page::{self, PageParams};
use crate::wire::params::Both;
use crate::wire::path;

/// Filters of the list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct GroupParams {
    /// Only groups of this project.
    #[param(example = "proj1")]
    project: Option<String>,
}

/// A deployment intent group that has intents.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group {
    /// The project.
    project: String,
    /// The composite app.
    composite_app: String,
    /// The version of the composite app.
    composite_app_version: String,
    /// The deployment intent group.
    deployment_intent_group: String,
}

impl From<DigKey> for Group {
    fn from(DigKey { project, composite_app, version, dig }: DigKey) -> Self {
        Self { project, composite_app, composite_app_version: version, deployment_intent_group: dig }
    }
}

/// List the deployment intent groups that have intents
///
/// The list has the groups whose intents the caller may list, ordered by their names. EMCO is not asked. With
/// `limit`, the headers `Continue` and `Link` lead to the next page.
#[utoipa::path(
    get,
    path = path::GROUPS,
    tag = "workflow intents",
    params(PageParams, GroupParams),
    responses(
        (status = 200, description = "The groups", body = [Group], headers(
            ("Continue" = String, description = "The token of the next page; absent on the last page"),
            ("Link" = String, description = "The URL of the next page (`rel=\"next\"`); absent on the last page"),
        ), example = json!([{
            "project": "proj1", "compositeApp": "capp1", "compositeAppVersion": "v1",
            "deploymentIntentGroup": "dig1",
        }])),
    ),
)]
pub(crate) async fn list_groups(call: Call<(), Both<PageParams, GroupParams>>) -> Result<Response, ApiError> {
    let Both(page, filter) = call.params;
    let (after, limit) = (page.after()?, page.limit()?);
    let project = filter.project.as_deref();
    let page = call.api.app.intents.groups(&call.request, project, after, limit).await?;
    let groups: Vec<_> = page.groups.into_iter().map(Group::from).collect();
    Ok((page::next(call.uri.query(), page.next), GoJson(groups)).into_response())
}
