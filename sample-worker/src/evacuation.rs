//! What an evacuation looks for, finds and reports. All of it is in Temporal's history: fields come, none goes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::Target;
use crate::result::PlannedMove;

/// What to look for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Search {
    pub(crate) emco_url: String,
    /// EMCO's cluster manager, where it is not at `emco_url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) clm_url: Option<String>,
    /// Where to look; none: everywhere.
    pub(crate) projects: Option<Vec<String>>,
    /// Only these; none: all.
    pub(crate) composite_apps: Option<Vec<String>>,
    pub(crate) source: Target,
    /// Looked up too, where it is to be checked.
    pub(crate) target: Option<Target>,
}

/// A deployment intent group that has to do with the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Found {
    pub(crate) project: String,
    pub(crate) composite_app: String,
    pub(crate) version: String,
    pub(crate) name: String,
    /// Its apps on the cluster, or those that would come there.
    pub(crate) apps: Vec<String>,
    /// Why there is nothing to move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) skip: Option<String>,
    /// Why nobody knows what is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fault: Option<String>,
    /// What EMCO's rsync has yet to remove from the cluster, and what to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) owed: Option<String>,
}

impl Found {
    /// Whether there is something to move.
    pub(crate) fn is_movable(&self) -> bool {
        self.skip.is_none() && self.fault.is_none()
    }

    /// `project/compositeApp/version/name`; EMCO's names have no slash.
    pub(crate) fn key(&self) -> String {
        let Self { project, composite_app, version, name, .. } = self;
        format!("{project}/{composite_app}/{version}/{name}")
    }
}

/// What became of an evacuation: its result, the details of its failure, and while it runs the answer to the query `report`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EvacuationReport {
    /// The parameters it was given.
    pub in_params: BTreeMap<String, String>,
    /// The cluster that is left (`provider/cluster`).
    pub source: String,
    /// The cluster that takes the apps (`provider/cluster`).
    pub target: String,
    /// How many deployment intent groups are in each state; states that none is in are left out.
    pub counts: BTreeMap<DigProgress, usize>,
    /// Somebody paused it, and nobody resumed it.
    pub paused: bool,
    /// It was cancelled.
    pub cancelled: bool,
    /// Why no further deployment intent group was begun, where that was so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Each deployment intent group that has to do with the source, in the order in which they go.
    pub digs: Vec<DigReport>,
}

/// What became of one deployment intent group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DigReport {
    /// `project/compositeApp/version/deploymentIntentGroup`.
    pub dig: String,
    /// Its apps on the source.
    pub apps: Vec<String>,
    /// Where it stands.
    pub state: DigProgress,
    /// Why it failed, was rolled back or was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The workflow that moves it.
    #[serde(rename = "WorkflowID", default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<String>,
    /// That workflow's run.
    #[serde(rename = "RunID", default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// The clusters (`provider/cluster`) on which each app was seen ready in the end.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ready_on: BTreeMap<String, Vec<String>>,
    /// Of a dry run: what would be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Vec<PlannedMove>>,
    /// What could not be taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_undone: Vec<String>,
    /// Nothing of it is on the source.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nothing_there: bool,
    /// Its workflow was cancelled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
}

/// Where a deployment intent group stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DigProgress {
    /// Not begun.
    #[default]
    Waiting,
    /// Its workflow runs.
    Running,
    /// Its apps are on the target, and no longer on the source.
    Moved,
    /// Of a dry run: it could be moved.
    Planned,
    /// It is as it was before.
    RolledBack,
    /// Refused before anything was changed, or not as it was before.
    Failed,
    /// Not begun, and not going to be.
    Skipped,
}
