//! `DELETE …/temporal-workflow-intents/{name}`: removes a workflow intent.

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;

use super::answer::NO_CONTENT;
use super::error::ApiError;
use super::path::{self, IntentPath};
use super::problems::problems;
use crate::app::App;

problems!(Problems, [NO_SUCH_INTENT], DATABASE);

/// Delete a workflow intent
///
/// Runs that it started go on.
#[utoipa::path(
    delete,
    path = path::INTENT,
    tag = "workflow intents",
    params(IntentPath),
    responses((status = 204, description = "Deleted"), Problems),
)]
pub(super) async fn delete_intent(
    State(app): State<Arc<App>>,
    Path(path): Path<IntentPath>,
) -> Result<StatusCode, ApiError> {
    app.delete_intent(&path.into()).await?;
    Ok(NO_CONTENT)
}
