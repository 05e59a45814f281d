//! `POST …/temporal-workflow-intents/{name}/rollback`: takes an earlier revision again.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::HeaderMap;
use workflow_api::{RollbackRequest, WorkflowIntent};

use super::change::{self, ChangeParams, ConditionHeaders};
use super::error::ApiError;
use super::path::{self, IntentPath};
use super::problems::problems;
use crate::app::{App, Caller};
use crate::intent::IntentKey;

problems!(
    Problems,
    [
        NOT_JSON,
        UNKNOWN_FIELDS,
        INVALID_PARAMETER,
        NO_SUCH_INTENT,
        NO_SUCH_REVISION,
        CONDITION_FAILED,
        BODY_TOO_LARGE,
        INVALID_BODY
    ],
    PARENT,
    DATABASE
);

/// Roll a workflow intent back
///
/// The document of an earlier revision becomes a new revision; also of an intent that was deleted. The body is that of EMCO's
/// roll-back of deployment intent groups.
#[utoipa::path(
    post,
    path = path::ROLLBACK,
    tag = "workflow intents",
    params(IntentPath, ChangeParams, ConditionHeaders),
    request_body(content = RollbackRequest, example = json!({"spec": {"revision": "2"}})),
    responses(
        (status = 200, description = "Rolled back, or as it was", body = WorkflowIntent, headers(
            ("ETag" = String, description = "The intent's new revision, in quotes"),
            ("Warning" = String, description = "One for each unknown field"),
        ), example = json!(super::openapi::sample_intent())),
        (status = 201, description = "There again", body = WorkflowIntent, headers(
            ("Location" = String, description = "The intent's path"),
            ("ETag" = String, description = "The intent's new revision, in quotes"),
            ("Warning" = String, description = "One for each unknown field"),
        ), example = json!(super::openapi::sample_intent())),
        Problems,
    ),
)]
pub(super) async fn roll_back_intent(
    State(app): State<Arc<App>>,
    Path(path): Path<IntentPath>,
    RawQuery(query): RawQuery,
    by: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let key = IntentKey::from(path);
    let (order, fields) = change::read(query.as_deref(), &headers, by, true)?;
    let changed = app.roll_back_intent(&key, &body, fields, &order).await?;
    Ok(change::answer(&key.dig, changed))
}
