//! `POST …/temporal-workflow-intents/{name}/start`: starts the workflow of an intent.

use std::net::SocketAddr;

use axum::Extension;
use axum::extract::ConnectInfo;
use axum::response::{IntoResponse, Response};
use bridge_core::model::IntentKey;
use bridge_core::{StartError, StartKeyRequest, StartOrder, StartPreview, StartReport, StartedRun};
use http::header::{LOCATION, USER_AGENT, WARNING};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use service::fields::warning;
use service::http::headers::{
    PREFERENCE_APPLIED, REPRESENTATION, RUN_ID, WORKFLOW_ID, encoded, prefers_representation,
};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};
use workflow_api::read::Spelling;
use workflow_api::{RunId, StartOverrides, StartRequest, Started, TemporalSpec};

use crate::api::Api;
use crate::intents::change::All;
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::{GoJson, Preference, headers, large_json, warnings};
use crate::wire::body::{Content, FieldValidation, Noted, Optional};
use crate::wire::call::Call;
use crate::wire::params::{idempotency_key, unless_empty};
use crate::wire::path::{self, DigPath, IntentPath};
use crate::wire::sample::sample_intent;
use crate::wire::success::SuccessStatus;

/// The header of a response that repeats the one of an earlier call with the same key.
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The address of the caller, or of the last proxy before it.
type Peer = Extension<ConnectInfo<SocketAddr>>;

problems!(
    Problems,
    [
        CLIENT_NOT_ALLOWED,
        NO_SUCH_INTENT,
        KEY_IN_FLIGHT,
        INVALID_START,
        KEY_REUSED,
        CLIENT_REFUSED,
        CLIENT_UNREACHABLE,
        START_UNKNOWN,
        TOO_MANY_STARTS
    ]
);

/// Parameters of a start.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub(crate) struct StartParams {
    /// `All`: start nothing, but return the request that the workflow client would get.
    #[serde(deserialize_with = "unless_empty")]
    #[param(value_type = Option<String>, pattern = "^All$", example = "All")]
    dry_run: Option<All>,
    /// The status of the response to a successful start: 200, 201, 202 or 204. Default: 204, or the status
    /// that the operator has set for the caller (`BRIDGE_SUCCESS_STATUS`).
    #[param(value_type = Option<u16>, example = 201)]
    success_status: Option<SuccessStatus>,
}

/// The request that a start would send to the workflow client.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StartPreviewView {
    /// Always `POST`.
    method: &'static str,
    /// Its URL.
    url: String,
    /// Its body. A new UUID in it is an example.
    body: TemporalSpec,
}

/// The two bodies of a 200.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the responses of two functions")]
enum RunningOrPreview {
    Running(Started),
    Preview(Box<StartPreviewView>),
}

/// Start the workflow of an intent
///
/// Sends the intent's `spec.temporal` to its workflow client, and responds when the client has responded. The
/// workflow then continues on its own; get its status to follow it. The body is optional. It can set another
/// workflow ID and other parameters for this start.
///
/// Calls with the same `Idempotency-Key` are one start: the first call starts the workflow, and the others
/// get the same response, even if the workflow ID was used again since. A call whose start failed can be
/// repeated with its key: the start is then tried again. If the outcome of a start is unknown, a repeated
/// call finds it out. If the workflow client's response is lost, a client that supports keys (made with our
/// kit) is asked again; for other clients, the bridge asks Temporal whether the workflow was started.
#[utoipa::path(
    post,
    path = path::START,
    tag = "workflows",
    params(
        DigPath,
        IntentPath,
        StartParams,
        ("Idempotency-Key" = Option<String>, Header, description = "The key of this start: 1 to 255 visible ASCII characters, such as a UUID. Kept for `BRIDGE_KEY_RETENTION` (7 days)", example = "7b1c1f0e-4a53-4c2a-9a43-2d7f5b1d2c11"),
        Preference,
    ),
    request_body(content = Option<StartRequest>, example = json!({
        "metadata": {"name": ""},
        "spec": {"workflowID": "migrate-{{run}}", "activityParams": {"all-activities": {"targetClusterName": "cluster3"}}},
    })),
    responses(
        (status = 204, description = "Started, or already running", headers(
            ("Workflow-Id" = String, description = "The workflow, percent-encoded if necessary"),
            ("Run-Id" = String, description = "The run, if its ID is known"),
            ("Idempotency-Replayed" = bool, description = "`true` if an earlier call with the same key started it"),
            ("Warning" = String, description = "One header for each unknown field, and one if the workflow client started another workflow than the intent names"),
        )),
        (status = 201, description = "Started, with `Prefer: return=representation`", body = Started,
            headers(("Location" = String, description = "The path of the run's status")),
            example = json!({"workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "alreadyRunning": false})),
        (status = 200, description = "Already running, with `Prefer: return=representation`; or, with `dryRun`, the request that the workflow client would get",
            body = RunningOrPreview, examples(
                ("running" = (value = json!({"workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "alreadyRunning": true}))),
                ("dryRun" = (value = json!({
                    "method": "POST", "url": "http://migrate-client:9090/invoke/migrate_workflowclient",
                    "body": sample_intent()["spec"]["temporal"],
                }))),
            )),
        Problems,
    ),
)]
pub(crate) async fn start_intent(
    peer: Option<Peer>,
    call: Call<IntentKey, StartParams, Body>,
) -> Result<Response, ApiError> {
    let Call { api, request, key: intent, params, body, unknown, spelling, headers, .. } = call;
    let mut warnings = warnings(&unknown);
    let key = idempotency_key(&headers)?;
    let refused = |error| refused(error, &spelling);
    if params.dry_run.is_some() {
        let previewed = api.app.starts.preview(&request, &intent, body.overrides).await.map_err(refused)?;
        return Ok((warnings, preview(previewed).await).into_response());
    }
    let key = key.map(|text| StartKeyRequest { text, fingerprint: body.fingerprint });
    let order = StartOrder { overrides: body.overrides, key, revision: None };
    let report = api.app.starts.start(&request, &intent, order).await.map_err(refused)?;
    warnings.extend(other_workflow(&report.run));
    let success = params.success_status.map(|status| status.0);
    if success != Some(StatusCode::NO_CONTENT) && prefers_representation(&headers) {
        Ok((warnings, representation(&intent, report, success)).into_response())
    } else {
        let status = success.unwrap_or_else(|| usual_status(&api, &headers, peer.as_ref()));
        Ok((status, named(&report), warnings).into_response())
    }
}

/// Returns the error with the spelling of the body. Faults that the client found are in the intent.
fn refused(error: StartError, spelling: &Spelling) -> ApiError {
    match error {
        StartError::Unsound(faults) => StartError::Unsound(spelling.respell(faults)).into(),
        other => other.into(),
    }
}

/// The body of a start, and its hash: another body with the same key is rejected.
#[derive(Debug)]
pub(crate) struct Body {
    overrides: StartOverrides,
    fingerprint: String,
}

impl Content<IntentKey> for Body {
    fn read(bytes: &[u8], fields: FieldValidation, key: &IntentKey) -> Result<(Self, Noted), ApiError> {
        let (Optional(request), noted) = Optional::<StartRequest>::read(bytes, fields, key)?;
        Ok((Self { overrides: request.spec, fingerprint: fingerprint(bytes) }, noted))
    }
}

fn fingerprint(body: &[u8]) -> String {
    format!("{:x}", Sha256::digest(body.trim_ascii()))
}

/// Returns the status that the operator's rules set for the caller.
fn usual_status(api: &Api, headers: &HeaderMap, peer: Option<&Peer>) -> StatusCode {
    let user_agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let address = peer.map(|Extension(ConnectInfo(address))| address.ip());
    api.success_status.status(user_agent, address).unwrap_or(StatusCode::NO_CONTENT)
}

fn named(report: &StartReport) -> HeaderMap {
    let run_id = report.run.run_id.as_ref().map(RunId::as_str).unwrap_or_default();
    let replayed = if report.repeated { "true" } else { "" };
    let workflow_id = encoded(report.run.workflow_id.as_str());
    headers([(WORKFLOW_ID, &workflow_id), (RUN_ID, run_id), (IDEMPOTENCY_REPLAYED, replayed)])
}

/// Returns a warning if the workflow client started another workflow than it was asked for.
fn other_workflow(run: &StartedRun) -> Option<(HeaderName, HeaderValue)> {
    let requested = run.requested_id.as_ref()?;
    let text = format!(
        "the workflow client started `{}` instead of `{requested}`; calls of the intent go there",
        run.workflow_id
    );
    Some((WARNING, warning(text)?))
}

fn representation(intent: &IntentKey, report: StartReport, status: Option<StatusCode>) -> Response {
    let named = named(&report);
    let started = Started {
        workflow_id: report.run.workflow_id,
        run_id: report.run.run_id.unwrap_or_default(),
        already_running: report.run.already_running,
    };
    let usual = if started.already_running { StatusCode::OK } else { StatusCode::CREATED };
    let location = path::status_of(intent, &started.workflow_id, &started.run_id);
    let headers = headers([(LOCATION, &location), (PREFERENCE_APPLIED, REPRESENTATION)]);
    (status.unwrap_or(usual), named, headers, GoJson(started)).into_response()
}

async fn preview(preview: StartPreview) -> Response {
    let view = StartPreviewView { method: "POST", url: preview.url, body: preview.body };
    large_json(view.body.size(), view).await
}
