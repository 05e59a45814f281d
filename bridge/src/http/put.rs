//! `PUT …/temporal-workflow-intents/{name}`: creates or replaces a workflow intent.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::HeaderMap;
use workflow_api::WorkflowIntent;

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
        CONDITION_FAILED,
        BODY_TOO_LARGE,
        INVALID_BODY,
        INVALID_INTENT
    ],
    PARENT,
    DATABASE
);

/// Create or replace a workflow intent
///
/// The body may leave the name out. Runs that were started before go on as they were. A body that changes nothing makes no
/// revision.
#[utoipa::path(
    put,
    path = path::INTENT,
    tag = "workflow intents",
    params(IntentPath, ChangeParams, ConditionHeaders),
    request_body(content = WorkflowIntent, example = json!(super::openapi::sample_intent())),
    responses(
        (status = 200, description = "Replaced, or as it was", body = WorkflowIntent, headers(
            ("ETag" = String, description = "The intent's revision, in quotes"),
            ("Warning" = String, description = "One for each unknown field"),
        ), example = json!(super::openapi::sample_intent())),
        (status = 201, description = "Created", body = WorkflowIntent, headers(
            ("Location" = String, description = "The intent's path"),
            ("ETag" = String, description = "The intent's revision, in quotes"),
            ("Warning" = String, description = "One for each unknown field"),
        ), example = json!(super::openapi::sample_intent())),
        Problems,
    ),
)]
pub(super) async fn put_intent(
    State(app): State<Arc<App>>,
    Path(path): Path<IntentPath>,
    RawQuery(query): RawQuery,
    by: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let key = IntentKey::from(path);
    let (order, fields) = change::read(query.as_deref(), &headers, by, true)?;
    let changed = app.put_intent(&key, &body, fields, &order).await?;
    Ok(change::answer(&key.dig, changed))
}
