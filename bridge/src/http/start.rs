//! `POST …/temporal-workflow-intents/{name}/start`: starts the workflow of an intent.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, StatusCode};
use workflow_api::{RunId, Started};

use super::answer::{GoJson, NO_CONTENT, RUN_ID, WORKFLOW_ID, headers};
use super::error::ApiError;
use super::path::{self, IntentPath};
use super::prefer::{self, PREFERENCE_APPLIED, REPRESENTATION};
use super::problems::problems;
use super::query::invalid;
use crate::app::{App, StartedRun};
use crate::intent::IntentKey;

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
const KEY_MAX: usize = 255;

problems!(
    Problems,
    [
        INVALID_PARAMETER,
        CLIENT_NOT_ALLOWED,
        NO_SUCH_INTENT,
        BODY_TOO_LARGE,
        CLIENT_REFUSED,
        CLIENT_UNREACHABLE,
        START_UNKNOWN,
        START_TIMEOUT
    ],
    DATABASE
);

/// Start the workflow of an intent
///
/// Posts the intent's `spec.temporal` to its workflow client and answers when that has answered. Any body is ignored. The
/// workflow itself goes on; ask for its status.
#[utoipa::path(
    post,
    path = path::START,
    tag = "workflows",
    params(
        IntentPath,
        ("Idempotency-Key" = Option<String>, Header, description = "Makes repeated calls the same start, where the workflow client heeds it: 1 to 255 visible characters of ASCII"),
        ("Prefer" = Option<String>, Header, description = "`return=representation` for an answer with a body", example = "return=representation"),
    ),
    responses(
        (status = 204, description = "Started, or running already", headers(
            ("Workflow-Id" = String, description = "The workflow"),
            ("Run-Id" = String, description = "The run, where it is known"),
        )),
        (status = 201, description = "Started, when a body is preferred", body = Started,
            headers(("Location" = String, description = "The path of the run's status")),
            example = json!({"workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "alreadyRunning": false})),
        (status = 200, description = "Running already, when a body is preferred", body = Started),
        Problems,
    ),
)]
pub(super) async fn start_intent(
    State(app): State<Arc<App>>,
    Path(path): Path<IntentPath>,
    request: HeaderMap,
) -> Result<Response, ApiError> {
    let intent = IntentKey::from(path);
    let started = app.start(&intent, idempotency_key(&request)?).await?;
    let run_id = started.run_id.as_ref().map(RunId::as_str).unwrap_or_default();
    let named = headers([(WORKFLOW_ID, started.workflow_id.as_str()), (RUN_ID, run_id)]);
    if prefer::representation(&request) {
        Ok((named, representation(&intent, started)).into_response())
    } else {
        Ok((NO_CONTENT, named).into_response())
    }
}

fn representation(intent: &IntentKey, started: StartedRun) -> impl IntoResponse + use<> {
    let started = Started {
        workflow_id: started.workflow_id,
        run_id: started.run_id.unwrap_or_default(),
        already_running: started.already_running,
    };
    let status = if started.already_running { StatusCode::OK } else { StatusCode::CREATED };
    let location = path::status_of(intent, &started.workflow_id, &started.run_id);
    (status, headers([(LOCATION, &location), (PREFERENCE_APPLIED, REPRESENTATION)]), GoJson(started))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let keys: Vec<_> = headers.get_all(IDEMPOTENCY_KEY).iter().collect();
    let visible = |key: &&HeaderValue| key.as_bytes().iter().all(u8::is_ascii_graphic);
    match keys.as_slice() {
        [] => Ok(None),
        [key] if (1..=KEY_MAX).contains(&key.len()) && visible(key) => {
            Ok(Some(String::from_utf8_lossy(key.as_bytes()).into_owned()))
        }
        _ => Err(invalid(
            IDEMPOTENCY_KEY,
            "is not one key: write 1 to 255 visible characters of ASCII, such as a UUID",
        )),
    }
}
