//! `PUT …/temporal-workflow-intents/{name}`: creates or replaces a workflow intent.

use axum::response::Response;
use bridge_core::model::IntentKey;
use workflow_api::WorkflowIntent;

use super::change::{self, ChangeParams, ConditionHeaders};
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::body::InGroup;
use crate::wire::call::Call;
use crate::wire::path::{self, DigPath, IntentPath};
use crate::wire::sample::sample_intent;

problems!(Problems, [CONDITION_FAILED, INVALID_INTENT], PARENT);

/// Create or replace a workflow intent
///
/// The body may omit the name. Runs that were started before are not affected. A body that changes nothing
/// makes no revision.
#[utoipa::path(
    put,
    path = path::INTENT,
    tag = "workflow intents",
    params(DigPath, IntentPath, ChangeParams, ConditionHeaders),
    request_body(content = WorkflowIntent, example = json!(sample_intent())),
    responses(
        (status = 200, description = "Replaced, or unchanged", body = WorkflowIntent, headers(
            ("ETag" = String, description = "The intent's revision, in quotes"),
            ("Warning" = String, description = "One header for each unknown field"),
        ), example = json!(sample_intent())),
        (status = 201, description = "Created", body = WorkflowIntent, headers(
            ("Location" = String, description = "The intent's path"),
            ("ETag" = String, description = "The intent's revision, in quotes"),
            ("Warning" = String, description = "One header for each unknown field"),
        ), example = json!(sample_intent())),
        Problems,
    ),
)]
pub(crate) async fn put_intent(
    call: Call<IntentKey, ChangeParams, InGroup<WorkflowIntent>>,
) -> Result<Response, ApiError> {
    let InGroup(intent) = call.body;
    let options = call.params.options(&call.headers)?;
    let changed = call.api.app.intents.put(&call.request, &call.key, intent, &options).await;
    let changed = changed.map_err(|error| ApiError::from(error).respelled(&call.spelling))?;
    Ok(change::answer(&call.key.dig, changed, &call.unknown).await)
}
