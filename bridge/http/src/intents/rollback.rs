//! `POST …/temporal-workflow-intents/{name}/rollback`: rolls an intent back to an earlier revision.

use axum::response::Response;
use bridge_core::model::IntentKey;
use workflow_api::{RollbackRequest, WorkflowIntent};

use super::change::{self, ChangeParams, ConditionHeaders};
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::body::Required;
use crate::wire::call::Call;
use crate::wire::path::{self, DigPath, IntentPath};
use crate::wire::sample::sample_intent;

problems!(Problems, [NO_SUCH_INTENT, NO_SUCH_REVISION, CONDITION_FAILED], PARENT);

/// Roll a workflow intent back
///
/// The document of an earlier revision becomes a new revision, also if the intent was deleted. The body is
/// the one that EMCO uses to roll back deployment intent groups.
#[utoipa::path(
    post,
    path = path::ROLLBACK,
    tag = "workflow intents",
    params(DigPath, IntentPath, ChangeParams, ConditionHeaders),
    request_body(content = RollbackRequest, example = json!({"spec": {"revision": "2"}})),
    responses(
        (status = 200, description = "Rolled back, or unchanged", body = WorkflowIntent, headers(
            ("ETag" = String, description = "The intent's new revision, in quotes"),
            ("Warning" = String, description = "One header for each unknown field"),
        ), example = json!(sample_intent())),
        (status = 201, description = "The deleted intent exists again", body = WorkflowIntent, headers(
            ("Location" = String, description = "The intent's path"),
            ("ETag" = String, description = "The intent's new revision, in quotes"),
            ("Warning" = String, description = "One header for each unknown field"),
        ), example = json!(sample_intent())),
        Problems,
    ),
)]
pub(crate) async fn roll_back_intent(
    call: Call<IntentKey, ChangeParams, Required<RollbackRequest>>,
) -> Result<Response, ApiError> {
    let Required(body) = call.body;
    let revision = revision(&body);
    let options = call.params.options(&call.headers)?;
    let changed = call.api.app.intents.roll_back(&call.request, &call.key, &revision, &options).await?;
    Ok(change::answer(&call.key.dig, changed, &call.unknown).await)
}

/// Returns the revision in the body, which is a number or a text.
fn revision(body: &RollbackRequest) -> String {
    let Some(named) = &body.spec.revision else { return String::new() };
    serde_json::from_str(named.as_str()).unwrap_or_else(|_no_text| named.as_str().to_owned())
}
