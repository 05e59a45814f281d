//! `GET …/temporal-workflow-intents/{name}/runs`: the starts of an intent, and the state of their runs.

use axum::response::IntoResponse;
use bridge_core::model::{IntentKey, Outcome};
use bridge_core::{LiveRun, LiveState};
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;
use workflow_api::{RunId, WorkflowId, WorkflowState};

use crate::api::Api;
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::GoJson;
use crate::wire::call::Call;
use crate::wire::page::{self, PageParams};
use crate::wire::path::{self, DigPath, IntentPath};

/// Default number of runs on a page: each costs a call to Temporal.
const LIMIT: u32 = 50;

/// A start of a workflow intent, and the state of its run.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunView {
    /// The ID of the start.
    #[serde(rename = "startID")]
    start_id: String,
    /// The number of this start among those of the intent, from 1.
    number: i64,
    /// The workflow.
    #[serde(rename = "workflowID")]
    workflow_id: WorkflowId,
    /// The workflow ID that the intent, or the call that started it, named, if the workflow client started
    /// another one.
    #[serde(rename = "requestedWorkflowID", skip_serializing_if = "Option::is_none")]
    requested_workflow_id: Option<WorkflowId>,
    /// The run; absent if there is none, or if its ID is not known.
    #[serde(rename = "runID", skip_serializing_if = "Option::is_none")]
    run_id: Option<RunId>,
    /// When the start was requested (RFC 3339).
    started_at: String,
    /// Who requested it; empty if the caller had no name.
    started_by: String,
    /// The revision of the intent that was started.
    revision: i64,
    /// The key that the workflow client gets with the start: the caller's `Idempotency-Key`, or one made by
    /// the bridge.
    idempotency_key: String,
    /// The outcome of the start: `starting`, `started`, `not_started` or `unknown`.
    outcome: &'static str,
    /// Why the outcome is not `started`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Whether the workflow was running before, so that no new run was started.
    already_running: bool,
    /// The run that continues the work of `runID` now: it continued as new, was retried or was reset. Absent
    /// if it is `runID` itself.
    #[serde(rename = "currentRunID", skip_serializing_if = "Option::is_none")]
    current_run_id: Option<RunId>,
    /// The state of the current run in Temporal now. Absent if there is no run, or if `workflowStateError` is
    /// present.
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow_state: Option<WorkflowState>,
    /// Why the state is absent: `temporal_unavailable`, or `no_such_workflow` if Temporal has deleted the
    /// run.
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow_state_error: Option<&'static str>,
    /// Related resources.
    links: Links,
}

/// Resources that are related to a run.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Links {
    /// This run.
    #[serde(rename = "self")]
    itself: String,
    /// The status of the workflow; of the current run, if its ID is known.
    status: String,
    /// Where to `POST` a cancellation of the current run; `{}` is a sufficient body.
    cancel: String,
    /// The current run in Temporal's own UI, if the operator has set its URL (`BRIDGE_TEMPORAL_UI_URL`).
    #[serde(rename = "temporalUI", skip_serializing_if = "Option::is_none")]
    temporal_ui: Option<String>,
}

impl RunView {
    fn new(live: LiveRun, api: &Api) -> Self {
        let run = live.start;
        let outcome = run.outcome.word();
        let (run_id, already_running, reason) = match run.outcome {
            Outcome::Starting => (None, false, None),
            Outcome::Started { run_id, already_running, .. } => (run_id, already_running, None),
            Outcome::NotStarted { reason, .. } | Outcome::Unknown { reason, .. } => {
                (None, false, Some(reason))
            }
        };
        let (current, workflow_state, workflow_state_error) = match live.state {
            LiveState::NoRun => (None, None, None),
            LiveState::Known { run_id, state, .. } => (Some(run_id), Some(state), None),
            LiveState::Gone => (None, None, Some("no_such_workflow")),
            LiveState::Unknown => (None, None, Some("temporal_unavailable")),
        };
        let current_run_id = current.filter(|current| run_id.as_ref() != Some(current));
        let linked = current_run_id.clone().or_else(|| run_id.clone());
        let named = linked.clone().unwrap_or_default();
        let links = Links {
            itself: path::run_of(&run.intent, &run.id),
            status: path::status_of(&run.intent, &run.workflow_id, &named),
            cancel: path::cancel_of(&run.intent, &run.workflow_id, &named),
            temporal_ui: api
                .temporal_ui
                .as_ref()
                .zip(linked.as_ref())
                .map(|(ui, run_id)| temporal_ui_link(ui, &api.namespace, &run.workflow_id, run_id)),
        };
        Self {
            start_id: run.id.to_string(),
            number: run.number,
            workflow_id: run.workflow_id,
            requested_workflow_id: run.requested_id,
            run_id,
            started_at: run.requested_at.to_string(),
            started_by: run.started_by,
            revision: run.revision,
            idempotency_key: run.key.text,
            outcome,
            reason,
            already_running,
            current_run_id,
            workflow_state,
            workflow_state_error,
            links,
        }
    }
}

/// Returns the page of a run in Temporal's own UI.
pub fn temporal_ui_link(ui: &Url, namespace: &str, workflow_id: &WorkflowId, run_id: &RunId) -> String {
    let base = ui.as_str().trim_end_matches('/');
    let (namespace, workflow) = (path::encoded(namespace), path::encoded(workflow_id.as_str()));
    match workflow.as_str() {
        // Browsers remove such a segment from a path, however it is encoded. The list can be filtered instead.
        "." | ".." => {
            let filter = path::encoded(&format!("WorkflowId=\"{workflow}\""));
            format!("{base}/namespaces/{namespace}/workflows?query={filter}")
        }
        _ => {
            let run = path::encoded(run_id.as_str());
            format!("{base}/namespaces/{namespace}/workflows/{workflow}/{run}/history")
        }
    }
}

problems!(ListProblems, [NO_SUCH_INTENT]);
problems!(GetProblems, [NO_SUCH_RUN]);

/// List the runs of a workflow intent
///
/// Every start of the intent, newest first, with the current state in Temporal. A deleted intent keeps its
/// runs. The headers `Continue` and `Link` lead to the next page, if there is one.
#[utoipa::path(
    get,
    path = path::RUNS,
    tag = "workflows",
    params(DigPath, IntentPath, PageParams),
    responses(
        (status = 200, description = "The runs", body = [RunView], headers(
            ("Continue" = String, description = "The token of the next page; absent on the last page"),
            ("Link" = String, description = "The URL of the next page (`rel=\"next\"`); absent on the last page"),
        ), example = json!([sample_run()])),
        ListProblems,
    ),
)]
pub(crate) async fn list_runs(call: Call<IntentKey, PageParams>) -> Result<impl IntoResponse, ApiError> {
    let limit = call.params.limit()?.unwrap_or(LIMIT);
    let runs = call.api.app.runs.list(&call.request, &call.key, call.params.after()?, limit).await?;
    let full = runs.len() == limit as usize;
    // The first start is the last of the list.
    let last = runs.last().map(|live| live.start.number).filter(|number| full && *number > 1);
    let views: Vec<_> = runs.into_iter().map(|live| RunView::new(live, &call.api)).collect();
    Ok((page::next(call.uri.query(), last), GoJson(views)))
}

/// Get a run of a workflow intent
///
/// The run is named by Temporal's run ID, or by the ID of its start, which also exists for a start that
/// failed.
#[utoipa::path(
    get,
    path = path::RUN,
    tag = "workflows",
    params(DigPath, IntentPath, ("run" = String, Path, description = "The run: Temporal's run ID, or the ID of the start", example = "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071")),
    responses(
        (status = 200, description = "The run", body = RunView, example = json!(sample_run())),
        GetProblems,
    ),
)]
pub(crate) async fn get_run(call: Call<(IntentKey, String)>) -> Result<GoJson<RunView>, ApiError> {
    let (intent, name) = call.key;
    let live = call.api.app.runs.get(&call.request, &intent, &name).await?;
    Ok(GoJson(RunView::new(live, &call.api)))
}

fn sample_run() -> Value {
    let intent = "/v2/projects/proj1/composite-apps/capp1/v1/deployment-intent-groups/dig1/temporal-workflow-intents/dig1-workflow-intent";
    json!({
        "startID": "019ab1c2-3d4e-7000-8000-1b2c3d4e5f60",
        "number": 3,
        "workflowID": "migrate-3",
        "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071",
        "startedAt": "2026-11-23T07:00:00.123456Z",
        "startedBy": "alice",
        "revision": 2,
        "idempotencyKey": "7b1c1f0e-4a53-4c2a-9a43-2d7f5b1d2c11",
        "outcome": "started",
        "alreadyRunning": false,
        "workflowState": "Running",
        "links": {
            "self": format!("{intent}/runs/019ab1c2-3d4e-7000-8000-1b2c3d4e5f60"),
            "status": format!("{intent}/status?workflowID=migrate-3&runID=019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071"),
            "cancel": format!("{intent}/cancel"),
            "temporalUI": "https://temporal.example.org/namespaces/default/workflows/migrate-3/019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071/history",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_temporals_ui_are_escaped() {
        for (workflow_id, rest) in [
            ("a/b ü", "workflows/a%2Fb%20%C3%BC/r/history"),
            ("a+b%20", "workflows/a%2Bb%2520/r/history"),
            ("a\tb\r\nc", "workflows/a%09b%0D%0Ac/r/history"),
            ("...", "workflows/.../r/history"),
            (".", "workflows?query=WorkflowId%3D%22.%22"),
            ("..", "workflows?query=WorkflowId%3D%22..%22"),
        ] {
            for base in ["https://temporal.example", "https://example.org/ui/"] {
                let link = temporal_ui_link(&base.parse().unwrap(), "n s", &workflow_id.into(), &"r".into());
                let base = base.trim_end_matches('/');
                assert_eq!(link, format!("{base}/namespaces/n%20s/{rest}"), "{workflow_id:?}");
                // A browser leads to this very path.
                assert_eq!(link.parse::<Url>().unwrap().as_str(), link);
            }
        }
    }
}
