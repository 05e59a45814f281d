//! `POST …/temporal-workflow-intents`: registers a workflow intent.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::LOCATION;
use workflow_api::WorkflowIntent;

use super::answer::{GoJson, headers, warnings};
use super::error::ApiError;
use super::path::{self, DigPath};
use super::problems::problems;
use super::query::{BodyParams, Params};
use crate::app::App;
use crate::intent::{DigKey, IntentKey};

problems!(
    Problems,
    [
        NOT_JSON,
        UNKNOWN_FIELDS,
        INVALID_PARAMETER,
        INTENT_EXISTS,
        BODY_TOO_LARGE,
        INVALID_BODY,
        INVALID_INTENT
    ],
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
    params(
        DigPath,
        BodyParams,
    ),
    request_body(content = WorkflowIntent, example = json!(super::openapi::sample_intent())),
    responses(
        (status = 201, description = "Created", body = WorkflowIntent, headers(
            ("Location" = String, description = "The intent's path"),
            ("Warning" = String, description = "One for each unknown field"),
        )),
        Problems,
    ),
)]
pub(super) async fn create_intent(
    State(app): State<Arc<App>>,
    Path(path): Path<DigPath>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<impl IntoResponse, ApiError> {
    let dig = DigKey::from(path);
    let created = app.create_intent(&dig, &body, Params::field_validation(query.as_deref())?).await?;
    let location = path::of(&IntentKey::of(&dig, &created.value));
    Ok((
        StatusCode::CREATED,
        headers([(LOCATION, &location)]),
        warnings(&created.unknown),
        GoJson(created.value),
    ))
}
