//! `DELETE …/temporal-workflow-intents/{name}`: deletes a workflow intent.

use std::sync::Arc;

use axum::extract::State;
use bridge_core::model::IntentKey;
use http::StatusCode;

use super::change::{ConditionHeaders, DryRun, DryRunParam};
use crate::api::Api;
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::NO_CONTENT;
use crate::wire::call::Call;
use crate::wire::path::{self, IntentPath};

problems!(Problems, [INVALID_PARAMETER, NO_SUCH_INTENT, CONDITION_FAILED], DATABASE);

/// Delete a workflow intent
///
/// Runs that it started continue. Its revisions are kept, so it can be rolled back to one of them.
#[utoipa::path(
    delete,
    path = path::INTENT,
    tag = "workflow intents",
    params(IntentPath, DryRunParam, ConditionHeaders),
    responses((status = 204, description = "Deleted"), Problems),
)]
pub(crate) async fn delete_intent(
    State(api): State<Arc<Api>>,
    call: Call<IntentKey, DryRun>,
) -> Result<StatusCode, ApiError> {
    api.app.intents.delete(&call.request, &call.key, &call.params.0).await?;
    Ok(NO_CONTENT)
}
