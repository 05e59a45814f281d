//! `POST …/temporal-workflow-intents`: registers a workflow intent.

use axum::response::Response;
use bridge_core::model::DigKey;
use workflow_api::WorkflowIntent;

use super::change::{self, ChangeParams, ConditionHeaders};
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::body::InGroup;
use crate::wire::call::Call;
use crate::wire::path::{self, DigPath};
use crate::wire::sample::sample_intent;

problems!(Problems, [INTENT_EXISTS, CONDITION_FAILED, INVALID_INTENT], PARENT);

/// Create a workflow intent
///
/// Keys of the body are matched in any case. Durations are nanoseconds or text (`30s`). The response has the
/// intent as the bridge stores it. An intent that is not valid is rejected with all its faults at once, and
/// nothing is stored.
#[utoipa::path(
    post,
    path = path::INTENTS,
    tag = "workflow intents",
    params(DigPath, ChangeParams, ConditionHeaders),
    request_body(content = WorkflowIntent, example = json!(sample_intent())),
    responses(
        (status = 201, description = "Created", body = WorkflowIntent, headers(
            ("Location" = String, description = "The intent's path"),
            ("ETag" = String, description = "The intent's revision, in quotes"),
            ("Warning" = String, description = "One header for each unknown field"),
        ), example = json!(sample_intent())),
        Problems,
    ),
)]
pub(crate) async fn create_intent(
    call: Call<DigKey, ChangeParams, InGroup<WorkflowIntent>>,
) -> Result<Response, ApiError> {
    let InGroup(intent) = call.body;
    let options = call.params.options(&call.headers)?;
    let changed = call.api.app.intents.create(&call.request, &call.key, intent, &options).await;
    let changed = changed.map_err(|error| ApiError::from(error).respelled(&call.spelling))?;
    Ok(change::answer(&call.key, changed, &call.unknown).await)
}
