//! `DELETE …/temporal-workflow-intents/{name}`: removes a workflow intent.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use http::{HeaderMap, StatusCode};

use super::answer::NO_CONTENT;
use super::change::{self, ConditionHeaders, DryRunParam};
use super::error::ApiError;
use super::path::{self, IntentPath};
use super::problems::problems;
use crate::app::{App, Caller};

problems!(Problems, [INVALID_PARAMETER, NO_SUCH_INTENT, CONDITION_FAILED], DATABASE);

/// Delete a workflow intent
///
/// Runs that it started go on. Its revisions stay, so it can be rolled back to one of them.
#[utoipa::path(
    delete,
    path = path::INTENT,
    tag = "workflow intents",
    params(IntentPath, DryRunParam, ConditionHeaders),
    responses((status = 204, description = "Deleted"), Problems),
)]
pub(super) async fn delete_intent(
    State(app): State<Arc<App>>,
    Path(path): Path<IntentPath>,
    RawQuery(query): RawQuery,
    by: Caller,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    let (order, _) = change::read(query.as_deref(), &headers, by, false)?;
    app.delete_intent(&path.into(), &order).await?;
    Ok(NO_CONTENT)
}
