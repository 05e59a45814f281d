//! `POST …/temporal-workflow-intents/{name}/start`: starts the workflow of an intent.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequestParts, Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::{LOCATION, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderName, StatusCode};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use workflow_api::{RunId, StartRequest, Started, TemporalSpec};

use super::answer::{GoJson, RUN_ID, WORKFLOW_ID, encoded, headers, warnings};
use super::error::ApiError;
use super::path::{self, IntentPath};
use super::prefer::{self, PREFERENCE_APPLIED, REPRESENTATION};
use super::problems::problems;
use super::query::{BodyParams, Params, invalid};
use crate::app::{App, Caller, StartCall, StartPreview, StartReport};
use crate::callers::{SuccessRules, SuccessStatus};
use crate::intent::IntentKey;

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
const KEY_MAX: usize = 255;
/// Says that an earlier call under the same key started what is told.
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

problems!(
    Problems,
    [
        INVALID_PARAMETER,
        NOT_JSON,
        UNKNOWN_FIELDS,
        CLIENT_NOT_ALLOWED,
        NO_SUCH_INTENT,
        KEY_IN_FLIGHT,
        BODY_TOO_LARGE,
        INVALID_BODY,
        INVALID_START,
        KEY_REUSED,
        CLIENT_REFUSED,
        CLIENT_UNREACHABLE,
        START_UNKNOWN
    ],
    DATABASE
);

/// What the call itself asks for, and how it is answered.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters that `start_intent` reads")]
pub(super) struct StartParams {
    /// `All`: start nothing, but tell what would be posted to the workflow client.
    #[param(rename = "dryRun", pattern = "^All$", example = "All")]
    dry_run: Option<String>,
    /// The status of an answer that says that the workflow was started: 200, 201, 202 or 204. Without it 204, or what the
    /// operator has set for the caller (`BRIDGE_SUCCESS_STATUS`).
    #[param(rename = "successStatus", example = 201)]
    success_status: Option<u16>,
}

/// What a start would post to the workflow client.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StartPreviewView {
    /// Always `POST`.
    method: &'static str,
    /// Where to.
    url: String,
    /// What. A new UUID in it is an example.
    body: TemporalSpec,
}

/// The bodies of a 200.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what two functions answer")]
enum RunningOrPreview {
    Running(Started),
    Preview(Box<StartPreviewView>),
}

/// Start the workflow of an intent
///
/// Posts the intent's `spec.temporal` to its workflow client and answers when that has answered. The workflow itself goes on; ask
/// for its status. The body may be left out; it may give this start another workflow ID and other parameters.
///
/// Calls under the same `Idempotency-Key` are one start: the first starts the workflow, and others are answered the same, also
/// when the workflow ID was used again since. A call whose start came to nothing may be repeated under its key: it is then made
/// again. So may one whose outcome is unknown: then it is found out. Where the workflow client's answer is lost, a client that
/// heeds keys (made with our kit) is asked again; for another, Temporal tells whether the workflow was started.
#[utoipa::path(
    post,
    path = path::START,
    tag = "workflows",
    params(
        IntentPath,
        StartParams,
        BodyParams,
        ("Idempotency-Key" = Option<String>, Header, description = "Names this start: 1 to 255 visible characters of ASCII, such as a UUID. Kept for `BRIDGE_KEY_RETENTION` (7 days)", example = "7b1c1f0e-4a53-4c2a-9a43-2d7f5b1d2c11"),
        ("Prefer" = Option<String>, Header, description = "`return=representation` for an answer with a body", example = "return=representation"),
    ),
    request_body(content = Option<StartRequest>, example = json!({
        "metadata": {"name": ""},
        "spec": {"workflowID": "migrate-{{run}}", "activityParams": {"all-activities": {"targetClusterName": "cluster3"}}},
    })),
    responses(
        (status = 204, description = "Started, or running already", headers(
            ("Workflow-Id" = String, description = "The workflow, percent-encoded where a header needs it"),
            ("Run-Id" = String, description = "The run, where it is known"),
            ("Idempotency-Replayed" = bool, description = "`true` where an earlier call under the same key started it"),
            ("Warning" = String, description = "One for each unknown field"),
        )),
        (status = 201, description = "Started, when a body is preferred", body = Started,
            headers(("Location" = String, description = "The path of the run's status")),
            example = json!({"workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "alreadyRunning": false})),
        (status = 200, description = "Running already, when a body is preferred; or, with `dryRun`, what would be posted",
            body = RunningOrPreview, examples(
                ("running" = (value = json!({"workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "alreadyRunning": true}))),
                ("dryRun" = (value = json!({
                    "method": "POST", "url": "http://migrate-client:9090/invoke/migrate_workflowclient",
                    "body": super::openapi::sample_intent()["spec"]["temporal"],
                }))),
            )),
        Problems,
    ),
)]
pub(super) async fn start_intent(
    State(app): State<Arc<App>>,
    Path(path): Path<IntentPath>,
    RawQuery(query): RawQuery,
    seen: Seen,
    caller: Caller,
    request: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let intent = IntentKey::from(path);
    let params = Params::read(query.as_deref())?.only(&["dryRun", "fieldValidation", "successStatus"])?;
    let asked: Option<SuccessStatus> = params.parsed("successStatus")?;
    let call = StartCall {
        body: &body,
        fields: params.parsed("fieldValidation")?.unwrap_or_default(),
        idempotency_key: idempotency_key(&request)?,
        caller: caller.user().to_owned(),
    };
    if dry_run(&params)? {
        return Ok(preview(app.preview_start(&intent, &call).await?));
    }
    let report = app.start(&intent, call).await?;
    let status = asked.map(|status| status.0);
    if status != Some(StatusCode::NO_CONTENT) && prefer::representation(&request) {
        Ok(representation(&intent, report, status))
    } else {
        let status = status.or(seen.wants).unwrap_or(StatusCode::NO_CONTENT);
        Ok((status, named(&report), warnings(&report.unknown)).into_response())
    }
}

/// What the operator's rules say of the caller.
pub(super) struct Seen {
    wants: Option<StatusCode>,
}

impl<S: Sync> FromRequestParts<S> for Seen {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let rules = parts.extensions.get::<Arc<SuccessRules>>();
        let user_agent =
            parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        Ok(Self { wants: rules.and_then(|rules| rules.status(user_agent, address)) })
    }
}

fn named(report: &StartReport) -> HeaderMap {
    let run_id = report.run.run_id.as_ref().map(RunId::as_str).unwrap_or_default();
    let replayed = if report.repeated { "true" } else { "" };
    let workflow_id = encoded(report.run.workflow_id.as_str());
    headers([(WORKFLOW_ID, &workflow_id), (RUN_ID, run_id), (IDEMPOTENCY_REPLAYED, replayed)])
}

fn representation(intent: &IntentKey, report: StartReport, status: Option<StatusCode>) -> Response {
    let (named, warnings) = (named(&report), warnings(&report.unknown));
    let started = Started {
        workflow_id: report.run.workflow_id,
        run_id: report.run.run_id.unwrap_or_default(),
        already_running: report.run.already_running,
    };
    let usual = if started.already_running { StatusCode::OK } else { StatusCode::CREATED };
    let location = path::status_of(intent, &started.workflow_id, &started.run_id);
    let headers = headers([(LOCATION, &location), (PREFERENCE_APPLIED, REPRESENTATION)]);
    (status.unwrap_or(usual), named, warnings, headers, GoJson(started)).into_response()
}

fn preview(preview: StartPreview) -> Response {
    let view = StartPreviewView { method: "POST", url: preview.url, body: preview.body };
    (warnings(&preview.unknown), GoJson(view)).into_response()
}

fn dry_run(params: &Params) -> Result<bool, ApiError> {
    match params.text("dryRun") {
        "" => Ok(false),
        "All" => Ok(true),
        other => Err(invalid("dryRun", &format!("is `{other}`: write All, or leave it out"))),
    }
}

/// Bare, or quoted as the header's draft standard has it.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = keys.next() else { return Ok(None) };
    let text = key.to_str().unwrap_or_default().trim();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let sound = (1..=KEY_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if sound && keys.next().is_none() {
        Ok(Some(text.to_owned()))
    } else {
        Err(invalid(IDEMPOTENCY_KEY, "is not one key: write 1 to 255 visible characters of ASCII"))
    }
}
