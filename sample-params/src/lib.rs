#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod activity;
mod declarations;
mod texts;

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use workflow_api::TaskQueue;

pub use declarations::{CAPACITY, CURRENT_CAPACITY, EVACUATE, MIGRATE, PAUSE, RELOCATE, REPORT, RESUME};
pub use texts::{Bound, EmcoUrl, Interval, Lanes, Name, Names, Patience, Readings, Share};

/// The task queue of the sample worker, as in EMCO's sample.
pub const QUEUE: &str = "MIGRATION_TASK_Q";

/// Returns the task queue of this deployment's workers: `CLIENT_TASK_QUEUE`, or [`QUEUE`]. If several deployments share
/// a namespace of Temporal, each needs its own queue, which the workers get as `WORKER_TASK_QUEUE`.
#[must_use]
pub fn task_queue() -> TaskQueue {
    let queue = std::env::var("CLIENT_TASK_QUEUE").ok().filter(|queue| !queue.is_empty());
    queue.as_deref().unwrap_or(QUEUE).into()
}

/// Defines a struct of parameters: its own fields, and those that all workflows have. A flattened struct would not do:
/// its schema has no aliases, and faults of its values are reported without the parameter's name.
macro_rules! parameters {
    ($(#[$doc:meta])* pub struct $name:ident { $($own:tt)* }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $($own)*
            /// The provider of the target cluster.
            pub target_cluster_provider: Name,
            /// The target cluster.
            pub target_cluster_name: Name,
            /// The URL of EMCO's cluster manager (CLM), if it is not at `emcoURL`.
            pub emco_clm_endpoint: Option<EmcoUrl>,
            /// The URL of EMCO's manager of logical clouds (DCM), if it is not at `emcoURL`.
            pub emco_dcm_endpoint: Option<EmcoUrl>,
            /// Check everything before anything is written.
            #[serde(default = "yes")]
            pub preflight: bool,
            /// Complete only when the apps are ready on the target.
            #[serde(default = "yes")]
            pub wait_ready: bool,
            /// The timeout for that wait, for each deployment intent group. The default is 10 minutes.
            #[serde(default)]
            pub ready_timeout: Patience,
            /// How long EMCO may still carry out an update whose response was lost. The default is 30 seconds.
            #[serde(default = "half_a_minute")]
            pub update_grace: Patience,
            /// Undo all changes of a deployment intent group if its move fails.
            #[serde(default = "yes")]
            pub compensate: bool,
            /// Only report what would be done.
            #[serde(default)]
            pub dry_run: bool,
        }
    };
}

parameters! {
    /// The parameters of a migration, for all activities.
    pub struct MigrateParams {
        /// The URL of EMCO's orchestrator, or of an ingress in front of it.
        #[serde(rename = "emcoURL")]
        pub emco_url: EmcoUrl,
        /// The project.
        pub project: Name,
        /// The composite app.
        pub composite_app: Name,
        /// The composite app's version.
        pub composite_app_version: Name,
        /// The deployment intent group.
        pub deployment_intent_group: Name,
    }
}

parameters! {
    /// The parameters of a relocation, for all activities. The aliases are the names in EMCO's own relocate workflow.
    pub struct RelocateParams {
        /// The URL of EMCO's orchestrator, or of an ingress in front of it.
        #[serde(rename = "emcoURL", alias = "emcoOrchEndpoint")]
        pub emco_url: EmcoUrl,
        /// The project.
        pub project: Name,
        /// The composite app.
        pub composite_app: Name,
        /// The composite app's version.
        pub composite_app_version: Name,
        /// The deployment intent group.
        pub deployment_intent_group: Name,
        /// The app, or several, separated by commas.
        #[serde(alias = "targetAppName")]
        pub app: Names,
        /// The provider of the source cluster. May be left out if each app runs on one cluster only.
        pub source_cluster_provider: Option<Name>,
        /// The source cluster.
        pub source_cluster_name: Option<Name>,
        /// Not used. EMCO's worker waits on this service; ours asks the orchestrator.
        #[serde(rename = "emcoOrchStatusEndpoint")]
        pub status_endpoint: Option<String>,
    }
}

parameters! {
    /// The parameters of an evacuation, for all activities.
    pub struct EvacuateParams {
        /// The URL of EMCO's orchestrator, or of an ingress in front of it.
        #[serde(rename = "emcoURL")]
        pub emco_url: EmcoUrl,
        /// The project to search.
        pub project: Option<Name>,
        /// More projects, separated by commas.
        pub projects: Option<Names>,
        /// Search all projects of EMCO, instead of named ones.
        #[serde(default)]
        pub all_projects: bool,
        /// Only these composite apps, separated by commas, in all their versions.
        pub composite_apps: Option<Names>,
        /// The provider of the cluster to evacuate.
        pub source_cluster_provider: Name,
        /// The cluster to evacuate.
        pub source_cluster_name: Name,
        /// The maximum number of deployment intent groups that are moved. The others are left where they are. By
        /// default all are moved.
        pub max_groups: Option<Bound>,
        /// The number of deployment intent groups that are moved first, before all others. The default is 1.
        #[serde(default = "one")]
        pub canary: u32,
        /// The number of deployment intent groups that are moved at the same time. The default is 4.
        #[serde(default)]
        pub concurrency: Lanes,
        /// Start no further move once this share of the completed ones has failed. The default is a quarter.
        #[serde(default)]
        pub stop_share: Share,
    }
}

/// The parameters of a watch over a cluster's capacity, for all activities.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CapacityParams {
    /// The URL of EMCO's orchestrator, or of an ingress in front of it.
    #[serde(rename = "emcoURL")]
    pub emco_url: EmcoUrl,
    /// The URL of EMCO's cluster manager (CLM), if it is not at `emcoURL`.
    pub emco_clm_endpoint: Option<EmcoUrl>,
    /// The provider of the cluster.
    pub cluster_provider: Name,
    /// The cluster.
    pub cluster_name: Name,
    /// Count only in these projects, separated by commas. By default all projects of EMCO are searched.
    pub projects: Option<Names>,
    /// The number of deployment intent groups that the cluster can hold.
    pub limit: Bound,
    /// The time between two readings. The default is one minute.
    #[serde(default)]
    pub interval: Interval,
    /// The number of readings after which the workflow continues in a new run. The default is 100.
    #[serde(default)]
    pub readings_per_run: Readings,
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
