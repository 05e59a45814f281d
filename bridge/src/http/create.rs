//! `POST …/temporal-workflow-intents`: registers a workflow intent.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::HeaderMap;
use workflow_api::WorkflowIntent;

use super::change::{self, ChangeParams, ConditionHeaders};
use super::error::ApiError;
use super::path::{self, DigPath};
use super::problems::problems;
use crate::app::{App, Caller};
use crate::intent::DigKey;

problems!(
    Problems,
    [
        NOT_JSON,
        UNKNOWN_FIELDS,
        INVALID_PARAMETER,
        INTENT_EXISTS,
        CONDITION_FAILED,
        BODY_TOO_LARGE,
        INVALID_BODY,
        INVALID_INTENT
    ],
    PARENT,
    DATABASE
);

/// Create a workflow intent
///
/// Keys of the body match without regard to case, durations are nanoseconds or text (`30s`). The answer is the intent as it
/// was understood. A faulty intent is refused with all its faults at once, and nothing is stored.
#[utoipa::path(
    post,
    path = path::INTENTS,
    tag = "workflow intents",
    params(DigPath, ChangeParams, ConditionHeaders),
    request_body(content = WorkflowIntent, example = json!(super::openapi::sample_intent())),
    responses(
        (status = 201, description = "Created", body = WorkflowIntent, headers(
            ("Location" = String, description = "The intent's path"),
            ("ETag" = String, description = "The intent's revision, in quotes"),
            ("Warning" = String, description = "One for each unknown field"),
        ), example = json!(super::openapi::sample_intent())),
        Problems,
    ),
)]
pub(super) async fn create_intent(
    State(app): State<Arc<App>>,
    Path(path): Path<DigPath>,
    RawQuery(query): RawQuery,
    by: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let dig = DigKey::from(path);
    let (order, fields) = change::read(query.as_deref(), &headers, by, true)?;
    let created = app.create_intent(&dig, &body, fields, &order).await?;
    Ok(change::answer(&dig, created))
}
