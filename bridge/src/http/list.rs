//! `GET …/temporal-workflow-intents`: the workflow intents of a group.

use std::sync::Arc;

use axum::extract::{Path, State};
use workflow_api::WorkflowIntent;

use super::answer::GoJson;
use super::error::ApiError;
use super::path::{self, DigPath};
use super::problems::problems;
use crate::app::App;

problems!(Problems, DATABASE);

/// List the workflow intents of a deployment intent group
///
/// Ordered by name; an empty list where there is none.
#[utoipa::path(
    get,
    path = path::INTENTS,
    tag = "workflow intents",
    params(DigPath),
    responses(
        (status = 200, description = "The intents", body = [WorkflowIntent], example = json!([super::openapi::sample_intent()])),
        Problems,
    ),
)]
pub(super) async fn list_intents(
    State(app): State<Arc<App>>,
    Path(path): Path<DigPath>,
) -> Result<GoJson<Vec<WorkflowIntent>>, ApiError> {
    Ok(GoJson(app.list_intents(&path.into()).await?))
}
