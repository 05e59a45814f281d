//! `POST …/temporal-workflow-intents/{name}/cancel`: tells a workflow to end (EMCO-API §1.7).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use workflow_api::{CancelRequest, WorkflowStatus};

use super::answer::{GoJson, NO_CONTENT, headers, warnings};
use super::error::ApiError;
use super::path::{self, IntentPath};
use super::prefer::{self, PREFERENCE_APPLIED, REPRESENTATION};
use super::problems::problems;
use super::query::{BodyParams, Params};
use crate::app::App;
use crate::intent::IntentKey;

problems!(
    Problems,
    [
        NOT_JSON,
        UNKNOWN_FIELDS,
        INVALID_PARAMETER,
        NO_SUCH_INTENT,
        WORKFLOW_CLOSED,
        BODY_TOO_LARGE,
        INVALID_BODY
    ],
    TEMPORAL,
    DATABASE
);

/// Cancel or terminate a workflow
///
/// Cancelling lets the workflow clean up first, so it may run on for a while; terminating ends it at once. The body may be left
/// out, and any part of it. A run that has ended already is a conflict.
#[utoipa::path(
    post,
    path = path::CANCEL,
    tag = "workflows",
    params(
        IntentPath,
        BodyParams,
        ("Prefer" = Option<String>, Header, description = "`return=representation` for an answer with a body", example = "return=representation"),
    ),
    request_body(content = Option<CancelRequest>, example = json!({
        "metadata": {"name": ""}, "spec": {"terminate": true, "reason": "Need to upgrade workflow version"},
    })),
    responses(
        (status = 204, description = "The workflow was told to end"),
        (status = 200, description = "The same, when a body is preferred: how the workflow stands now", body = WorkflowStatus),
        Problems,
    ),
)]
pub(super) async fn cancel_intent(
    State(app): State<Arc<App>>,
    Path(path): Path<IntentPath>,
    RawQuery(query): RawQuery,
    request: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let intent = IntentKey::from(path);
    let canceled = app.cancel(&intent, &body, Params::field_validation(query.as_deref())?).await?;
    let warnings = warnings(&canceled.unknown);
    if prefer::representation(&request) {
        let status = app.status_after_cancel(&intent, &canceled).await?;
        Ok((warnings, headers([(PREFERENCE_APPLIED, REPRESENTATION)]), GoJson(status)).into_response())
    } else {
        Ok((NO_CONTENT, warnings).into_response())
    }
}
