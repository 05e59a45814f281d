#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod texts;

use schemars::JsonSchema;
use serde::Deserialize;

pub use texts::{EmcoUrl, Name, Patience};

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
    /// The app.
    #[serde(alias = "targetAppName")]
    pub app: Name,
    /// The provider of the cluster to leave; where the app is on one cluster alone, it need not be said.
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
    /// Whether to put everything back where the end is not reached.
    #[serde(default = "yes")]
    pub compensate: bool,
    /// Whether only to say what would be done.
    #[serde(default)]
    pub dry_run: bool,
}

fn yes() -> bool {
    true
}
