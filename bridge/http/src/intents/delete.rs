//! `DELETE …/temporal-workflow-intents/{name}`: deletes a workflow intent.

use bridge_core::model::IntentKey;
use http::StatusCode;

use super::change::{ChangeParams, ConditionHeaders, DryRunParam};
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::NO_CONTENT;
use crate::wire::call::Call;
use crate::wire::path::{self, DigPath, IntentPath};

problems!(Problems, [NO_SUCH_INTENT, CONDITION_FAILED]);

/// Delete a workflow intent
///
/// Runs that it started continue. Its revisions are kept, so it can be rolled back to one of them.
#[utoipa::path(
    delete,
    path = path::INTENT,
    tag = "workflow intents",
    params(DigPath, IntentPath, DryRunParam, ConditionHeaders),
    responses((status = 204, description = "Deleted"), Problems),
)]
pub(crate) async fn delete_intent(call: Call<IntentKey, DryRunParam>) -> Result<StatusCode, ApiError> {
    let options = ChangeParams::from(call.params).options(&call.headers)?;
    call.api.app.intents.delete(&call.request, &call.key, &options).await?;
    Ok(NO_CONTENT)
}
