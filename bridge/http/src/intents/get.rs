//! `GET …/temporal-workflow-intents/{name}`: returns a workflow intent.

use axum::response::{IntoResponse, Response};
use bridge_core::model::IntentKey;
use http::StatusCode;
use http::header::ETAG;
use workflow_api::WorkflowIntent;

use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::{headers, large_json};
use crate::wire::call::Call;
use crate::wire::etag;
use crate::wire::path::{self, DigPath, IntentPath};
use crate::wire::sample::sample_intent;

problems!(Problems, [NO_SUCH_INTENT]);

/// Get a workflow intent
#[utoipa::path(
    get,
    path = path::INTENT,
    tag = "workflow intents",
    params(
        DigPath,
        IntentPath,
        ("If-None-Match" = Option<String>, Header, description = "Respond with a body only if the intent is at none of these revisions: entity tags as in `ETag`", example = "\"3\""),
    ),
    responses(
        (status = 200, description = "The intent", body = WorkflowIntent, headers(("ETag" = String, description = "The intent's revision, in quotes")), example = json!(sample_intent())),
        (status = 304, description = "The intent is at one of these revisions",
            headers(("ETag" = String, description = "The intent's revision, in quotes"))),
        Problems,
    ),
)]
pub(crate) async fn get_intent(call: Call<IntentKey>) -> Result<Response, ApiError> {
    let kept = call.api.app.intents.get(&call.request, &call.key).await?;
    let tag = headers([(ETAG, &etag::of_revision(kept.revision))]);
    Ok(if etag::is_known(&call.headers, kept.revision)? {
        (StatusCode::NOT_MODIFIED, tag).into_response()
    } else {
        (tag, large_json(kept.intent.size(), kept.intent).await).into_response()
    })
}
