//! The paths of the API (EMCO-API §1.1), and the keys they name.

use serde::Deserialize;
use utoipa::IntoParams;
use workflow_api::{RunId, WorkflowId};

use crate::intent::{DigKey, IntentKey};
use crate::run::StartId;

macro_rules! intents {
    ($rest:literal) => {
        concat!(
            "/v2/projects/{project}/composite-apps/{compositeApp}/{compositeAppVersion}",
            "/deployment-intent-groups/{deploymentIntentGroup}/temporal-workflow-intents",
            $rest
        )
    };
}

pub(super) const INTENTS: &str = intents!("");
pub(super) const INTENT: &str = intents!("/{workflowIntent}");
pub(super) const REVISIONS: &str = intents!("/{workflowIntent}/revisions");
pub(super) const REVISION: &str = intents!("/{workflowIntent}/revisions/{revision}");
pub(super) const ROLLBACK: &str = intents!("/{workflowIntent}/rollback");
pub(super) const CHECK: &str = intents!("/{workflowIntent}/check");
pub(super) const START: &str = intents!("/{workflowIntent}/start");
pub(super) const RUNS: &str = intents!("/{workflowIntent}/runs");
pub(super) const RUN: &str = intents!("/{workflowIntent}/runs/{run}");
pub(super) const STATUS: &str = intents!("/{workflowIntent}/status");
pub(super) const CANCEL: &str = intents!("/{workflowIntent}/cancel");
pub(super) const SIGNAL: &str = intents!("/{workflowIntent}/signal");
pub(super) const QUERY: &str = intents!("/{workflowIntent}/query");
pub(super) const UPDATE: &str = intents!("/{workflowIntent}/update");
pub(super) const TERMINATE: &str = intents!("/{workflowIntent}/terminate");
pub(super) const RESET: &str = intents!("/{workflowIntent}/reset");
pub(super) const OPENAPI: &str = "/openapi.json";

/// The path of a deployment intent group.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
#[serde(rename_all = "camelCase")]
pub(super) struct DigPath {
    /// The project.
    #[param(example = "proj1")]
    project: String,
    /// The composite app.
    #[param(example = "capp1")]
    composite_app: String,
    /// The version of the composite app.
    #[param(example = "v1")]
    composite_app_version: String,
    /// The deployment intent group.
    #[param(example = "dig1")]
    deployment_intent_group: String,
}

impl From<DigPath> for DigKey {
    fn from(path: DigPath) -> Self {
        Self {
            project: path.project,
            composite_app: path.composite_app,
            version: path.composite_app_version,
            dig: path.deployment_intent_group,
        }
    }
}

/// The path of a workflow intent.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
#[serde(rename_all = "camelCase")]
pub(super) struct IntentPath {
    /// The project.
    #[param(example = "proj1")]
    project: String,
    /// The composite app.
    #[param(example = "capp1")]
    composite_app: String,
    /// The version of the composite app.
    #[param(example = "v1")]
    composite_app_version: String,
    /// The deployment intent group.
    #[param(example = "dig1")]
    deployment_intent_group: String,
    /// The workflow intent.
    #[param(example = "dig1-workflow-intent")]
    workflow_intent: String,
}

impl From<IntentPath> for IntentKey {
    fn from(path: IntentPath) -> Self {
        let dig = DigKey {
            project: path.project,
            composite_app: path.composite_app,
            version: path.composite_app_version,
            dig: path.deployment_intent_group,
        };
        dig.intent(path.workflow_intent)
    }
}

/// The path of a run of a workflow intent.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunPath {
    /// The project.
    #[param(example = "proj1")]
    project: String,
    /// The composite app.
    #[param(example = "capp1")]
    composite_app: String,
    /// The version of the composite app.
    #[param(example = "v1")]
    composite_app_version: String,
    /// The deployment intent group.
    #[param(example = "dig1")]
    deployment_intent_group: String,
    /// The workflow intent.
    #[param(example = "dig1-workflow-intent")]
    workflow_intent: String,
    /// The run: Temporal's run ID, or the ID of the start.
    #[param(example = "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071")]
    run: String,
}

impl RunPath {
    /// The intent, and what names the run.
    pub(super) fn into_parts(self) -> (IntentKey, String) {
        let dig = DigKey {
            project: self.project,
            composite_app: self.composite_app,
            version: self.composite_app_version,
            dig: self.deployment_intent_group,
        };
        (dig.intent(self.workflow_intent), self.run)
    }
}

/// The path of a revision of a workflow intent.
#[derive(Debug, Deserialize)]
pub(super) struct RevisionPath {
    /// The workflow intent.
    #[serde(flatten)]
    pub(super) intent: IntentPath,
    /// The revision's number.
    pub(super) revision: String,
}

/// The path of an intent. Its names are plain: they were checked when it was created.
pub(super) fn of(key: &IntentKey) -> String {
    let DigKey { project, composite_app, version, dig } = &key.dig;
    let name = &key.name;
    format!(
        "/v2/projects/{project}/composite-apps/{composite_app}/{version}/deployment-intent-groups/{dig}\
         /temporal-workflow-intents/{name}"
    )
}

/// The path of a run of an intent.
pub(super) fn run_of(key: &IntentKey, id: &StartId) -> String {
    format!("{}/runs/{id}", of(key))
}

/// The path and query of the status of a run.
pub(super) fn status_of(key: &IntentKey, workflow_id: &WorkflowId, run_id: &RunId) -> String {
    naming(key, "status", workflow_id, run_id)
}

/// The path to which orders to end a run of a workflow go.
pub(super) fn cancel_of(key: &IntentKey, workflow_id: &WorkflowId, run_id: &RunId) -> String {
    naming(key, "cancel", workflow_id, run_id)
}

fn naming(key: &IntentKey, verb: &str, workflow_id: &WorkflowId, run_id: &RunId) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("workflowID", workflow_id.as_str());
    if !run_id.is_empty() {
        query.append_pair("runID", run_id.as_str());
    }
    format!("{}/{verb}?{}", of(key), query.finish())
}
