//! `GET …/temporal-workflow-intents/{name}`: one workflow intent.

use std::sync::Arc;

use axum::extract::{Path, State};
use workflow_api::WorkflowIntent;

use super::answer::GoJson;
use super::error::ApiError;
use super::path::{self, IntentPath};
use super::problems::problems;
use crate::app::App;

problems!(Problems, [NO_SUCH_INTENT], DATABASE);

/// Get a workflow intent
#[utoipa::path(
    get,
    path = path::INTENT,
    tag = "workflow intents",
    params(IntentPath),
    responses(
        (status = 200, description = "The intent", body = WorkflowIntent, example = json!(super::openapi::sample_intent())),
        Problems,
    ),
)]
pub(super) async fn get_intent(
    State(app): State<Arc<App>>,
    Path(path): Path<IntentPath>,
) -> Result<GoJson<WorkflowIntent>, ApiError> {
    Ok(GoJson(app.get_intent(&path.into()).await?))
}
