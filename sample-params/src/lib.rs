#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod texts;

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use workflow_api::TaskQueue;

pub use texts::{EmcoUrl, Lanes, Name, Names, Patience, Share};

/// The queue of the sample worker, as EMCO's sample has it.
pub const QUEUE: &str = "MIGRATION_TASK_Q";

/// The queue of this deployment's workers: [`QUEUE`], or what `CLIENT_TASK_QUEUE` says. Where several deployments share Temporal's
/// namespace, each has a queue of its own, which `WORKER_TASK_QUEUE` tells the workers.
#[must_use]
pub fn task_queue() -> TaskQueue {
    let told = std::env::var("CLIENT_TASK_QUEUE").ok().filter(|queue| !queue.is_empty());
    told.as_deref().unwrap_or(QUEUE).into()
}

// Equal fields instead of one struct flattened into all: of a flattened struct the schema has no second names (`alias`), and what its
// own types refuse is reported without the parameter's name.

/// The parameters of a migration, for all activities.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MigrateParams {
    /// EMCO's orchestrator, or an ingress before it.
    #[serde(rename = "emcoURL")]
    pub emco_url: EmcoUrl,
    /// The project.
    pub project: Name,
    /// The composite app.
    pub composite_app: Name,
    /// Its version.
    pub composite_app_version: Name,
    /// The deployment intent group.
    pub deployment_intent_group: Name,
    /// The provider of the cluster to move to.
    pub target_cluster_provider: Name,
    /// The cluster to move to.
    pub target_cluster_name: Name,
    /// EMCO's cluster manager, where it is not behind `emcoURL`.
    pub emco_clm_endpoint: Option<EmcoUrl>,
    /// EMCO's logical clouds, where they are not behind `emcoURL`.
    pub emco_dcm_endpoint: Option<EmcoUrl>,
    /// Whether to check everything before anything is written.
    #[serde(default = "yes")]
    pub preflight: bool,
    /// Whether to end only when the apps are ready on their target.
    #[serde(default = "yes")]
    pub wait_ready: bool,
    /// How long to wait for that: 10 minutes unless it is said.
    #[serde(default)]
    pub ready_timeout: Patience,
    /// How long an update whose answer was lost may still come: 30 seconds unless it is said.
    #[serde(default = "half_a_minute")]
    pub update_grace: Patience,
    /// Whether to put everything back where the end is not reached.
    #[serde(default = "yes")]
    pub compensate: bool,
    /// Whether only to say what would be done.
    #[serde(default)]
    pub dry_run: bool,
}

/// The parameters of a relocation, for all activities. The second names are those of EMCO's own relocate workflow.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RelocateParams {
    /// EMCO's orchestrator, or an ingress before it.
    #[serde(rename = "emcoURL", alias = "emcoOrchEndpoint")]
    pub emco_url: EmcoUrl,
    /// The project.
    pub project: Name,
    /// The composite app.
    pub composite_app: Name,
    /// Its version.
    pub composite_app_version: Name,
    /// The deployment intent group.
    pub deployment_intent_group: Name,
    /// The app, or several, separated by commas.
    #[serde(alias = "targetAppName")]
    pub app: Names,
    /// The provider of the cluster to leave; where an app is on one cluster alone, it need not be said.
    pub source_cluster_provider: Option<Name>,
    /// The cluster to leave.
    pub source_cluster_name: Option<Name>,
    /// The provider of the cluster to move to.
    pub target_cluster_provider: Name,
    /// The cluster to move to.
    pub target_cluster_name: Name,
    /// EMCO's cluster manager, where it is not behind `emcoURL`.
    pub emco_clm_endpoint: Option<EmcoUrl>,
    /// EMCO's logical clouds, where they are not behind `emcoURL`.
    pub emco_dcm_endpoint: Option<EmcoUrl>,
    /// EMCO's worker waits on this service; ours asks the orchestrator.
    #[serde(rename = "emcoOrchStatusEndpoint")]
    pub status_endpoint: Option<String>,
    /// Whether to check everything before anything is written.
    #[serde(default = "yes")]
    pub preflight: bool,
    /// Whether to end only when the apps are ready on their target.
    #[serde(default = "yes")]
    pub wait_ready: bool,
    /// How long to wait for that: 10 minutes unless it is said.
    #[serde(default)]
    pub ready_timeout: Patience,
    /// How long an update whose answer was lost may still come: 30 seconds unless it is said.
    #[serde(default = "half_a_minute")]
    pub update_grace: Patience,
    /// Whether to put everything back where the end is not reached.
    #[serde(default = "yes")]
    pub compensate: bool,
    /// Whether only to say what would be done.
    #[serde(default)]
    pub dry_run: bool,
}

/// The parameters of an evacuation, for all activities. Those of a relocation mean the same here.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvacuateParams {
    /// EMCO's orchestrator, or an ingress before it.
    #[serde(rename = "emcoURL")]
    pub emco_url: EmcoUrl,
    /// The project to look through.
    pub project: Option<Name>,
    /// More projects, separated by commas.
    pub projects: Option<Names>,
    /// Every project that EMCO has, instead of named ones.
    #[serde(default)]
    pub all_projects: bool,
    /// Only these composite apps, separated by commas, in all their versions.
    pub composite_apps: Option<Names>,
    /// The provider of the cluster that goes down.
    pub source_cluster_provider: Name,
    /// The cluster that goes down.
    pub source_cluster_name: Name,
    /// The provider of the cluster to move to.
    pub target_cluster_provider: Name,
    /// The cluster to move to.
    pub target_cluster_name: Name,
    /// EMCO's cluster manager, where it is not behind `emcoURL`.
    pub emco_clm_endpoint: Option<EmcoUrl>,
    /// EMCO's logical clouds, where they are not behind `emcoURL`.
    pub emco_dcm_endpoint: Option<EmcoUrl>,
    /// How many deployment intent groups go first, alone: 1 unless it is said.
    #[serde(default = "one")]
    pub canary: u32,
    /// How many move at once: 4 unless it is said.
    #[serde(default)]
    pub concurrency: Lanes,
    /// No further one begins once this share of those that ended failed: a quarter unless it is said.
    #[serde(default)]
    pub stop_share: Share,
    /// Whether to check everything before anything is written.
    #[serde(default = "yes")]
    pub preflight: bool,
    /// Whether to end only when the apps are ready on their target.
    #[serde(default = "yes")]
    pub wait_ready: bool,
    /// How long each deployment intent group waits for that: 10 minutes unless it is said.
    #[serde(default)]
    pub ready_timeout: Patience,
    /// How long an update whose answer was lost may still come: 30 seconds unless it is said.
    #[serde(default = "half_a_minute")]
    pub update_grace: Patience,
    /// Whether a deployment intent group is put back where its end is not reached.
    #[serde(default = "yes")]
    pub compensate: bool,
    /// Whether only to say what would be done.
    #[serde(default)]
    pub dry_run: bool,
}

fn half_a_minute() -> Patience {
    Patience(Duration::from_secs(30))
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}
