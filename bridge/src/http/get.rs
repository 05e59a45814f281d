//! `GET …/temporal-workflow-intents/{name}`: one workflow intent.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::ETAG;
use http::{HeaderMap, StatusCode};
use workflow_api::WorkflowIntent;

use super::answer::{GoJson, headers};
use super::error::ApiError;
use super::etag;
use super::path::{self, IntentPath};
use super::problems::problems;
use super::query::NoParams;
use crate::app::App;

problems!(Problems, [INVALID_PARAMETER, NO_SUCH_INTENT], DATABASE);

/// Get a workflow intent
#[utoipa::path(
    get,
    path = path::INTENT,
    tag = "workflow intents",
    params(
        IntentPath,
        ("If-None-Match" = Option<String>, Header, description = "Answer with a body only if the intent is at none of these revisions: entity tags as `ETag` has them", example = "\"3\""),
    ),
    responses(
        (status = 200, description = "The intent", body = WorkflowIntent, headers(("ETag" = String, description = "The intent's revision, in quotes")), example = json!(super::openapi::sample_intent())),
        (status = 304, description = "The caller has it already",
            headers(("ETag" = String, description = "The intent's revision, in quotes"))),
        Problems,
    ),
)]
pub(super) async fn get_intent(
    State(app): State<Arc<App>>,
    Path(path): Path<IntentPath>,
    _: NoParams,
    request: HeaderMap,
) -> Result<Response, ApiError> {
    let kept = app.get_intent(&path.into()).await?;
    let tag = headers([(ETAG, &etag::of(kept.revision))]);
    Ok(if etag::is_known(&request, kept.revision)? {
        (StatusCode::NOT_MODIFIED, tag).into_response()
    } else {
        (tag, GoJson(kept.intent)).into_response()
    })
}
