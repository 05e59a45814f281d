//! What an evacuation searches for, finds and reports. All of it is in Temporal's histories, so no field may be
//! removed.

use std::collections::BTreeMap;

use emco::DigKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use temporalio_common::error::IncomingError;

use crate::model::Target;
use crate::result::{MigrationResult, PlannedMove};

/// What to search for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Search {
    pub(crate) emco_url: String,
    /// The URL of EMCO's cluster manager, if it is not at `emco_url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) clm_url: Option<String>,
    /// The projects to search. `None` means all.
    pub(crate) projects: Option<Vec<String>>,
    /// The composite apps to search. `None` means all.
    pub(crate) composite_apps: Option<Vec<String>>,
    pub(crate) source: Target,
    /// The target, if it must be checked.
    pub(crate) target: Option<Target>,
}

/// A deployment intent group that concerns the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Found {
    pub(crate) project: String,
    pub(crate) composite_app: String,
    pub(crate) version: String,
    pub(crate) name: String,
    /// Its apps on the cluster, or those that would be placed there.
    pub(crate) apps: Vec<String>,
    /// Why there is nothing to move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) skip: Option<String>,
    /// Why the group cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fault: Option<String>,
    /// What EMCO's rsync has not yet removed from the cluster, and what to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) owed: Option<String>,
}

impl Found {
    pub(crate) fn new(key: &DigKey, apps: Vec<String>) -> Self {
        let DigKey { project, composite_app, version, dig: name } = key.clone();
        Self { project, composite_app, version, name, apps, skip: None, fault: None, owed: None }
    }

    /// Whether the group can be moved.
    pub(crate) fn is_movable(&self) -> bool {
        self.skip.is_none() && self.fault.is_none()
    }

    /// Returns `project/compositeApp/version/name`. EMCO's names have no slash.
    pub(crate) fn key(&self) -> String {
        let Self { project, composite_app, version, name, .. } = self;
        format!("{project}/{composite_app}/{version}/{name}")
    }
}

/// A workflow that moves a group, and whose end an activity awaits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Child {
    pub(crate) workflow_id: String,
    /// `None` is the latest run.
    pub(crate) run_id: Option<String>,
    /// What the parameters of the workflow must contain: the same group, source and target.
    pub(crate) params: BTreeMap<String, String>,
}

/// How the workflow that moves a group ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Outcome {
    /// It completed.
    Completed(MigrationResult),
    /// It did not complete.
    Failed {
        cancelled: bool,
        /// What was undone and what could not be undone.
        details: Option<Value>,
        why: String,
    },
}

impl Outcome {
    /// The outcome of a workflow that did not complete, for this reason.
    pub(crate) fn failed(why: impl Into<String>) -> Self {
        Self::Failed { cancelled: false, details: None, why: why.into() }
    }

    /// The outcome of a workflow that was cancelled.
    pub(crate) fn cancelled(details: Option<Value>) -> Self {
        Self::Failed { cancelled: true, details, why: "its workflow was cancelled".to_owned() }
    }

    pub(crate) fn terminated() -> Self {
        Self::failed("its workflow was terminated, so nothing was undone")
    }

    pub(crate) fn timed_out() -> Self {
        Self::failed("its workflow timed out, so nothing was undone")
    }

    /// The outcome of a workflow that ended with this error.
    pub(crate) fn of_error(error: &IncomingError) -> Self {
        match error {
            IncomingError::Cancelled(cancelled) => Self::cancelled(cancelled.details().ok().flatten()),
            IncomingError::Terminated(_) => Self::terminated(),
            IncomingError::Timeout(_) => Self::timed_out(),
            IncomingError::Application(failure) => {
                let (details, why) = (failure.details().ok().flatten(), error.failure().message.clone());
                Self::Failed { cancelled: false, details, why }
            }
            other => Self::failed(other.failure().message.clone()),
        }
    }
}

/// The report of an evacuation: its result, the details of its failure, and the response to the query `report`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EvacuationReport {
    /// The parameters of the evacuation.
    pub in_params: BTreeMap<String, String>,
    /// The evacuated cluster (`provider/cluster`).
    pub source: String,
    /// The target cluster (`provider/cluster`).
    pub target: String,
    /// The numbers of deployment intent groups by state.
    pub counts: BTreeMap<DigProgress, usize>,
    /// Whether it is paused.
    pub paused: bool,
    /// Whether it was cancelled.
    pub cancelled: bool,
    /// Why no further move was started, if the evacuation stopped early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// The deployment intent groups that concern the source, in the order of their moves.
    pub digs: Vec<DigReport>,
}

/// The report of one deployment intent group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DigReport {
    /// `project/compositeApp/version/deploymentIntentGroup`.
    pub dig: String,
    /// Its apps on the source.
    pub apps: Vec<String>,
    /// The state of its move.
    pub state: DigProgress,
    /// Why it failed, was rolled back, was skipped or was left where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The ID of the workflow that moves it.
    #[serde(rename = "WorkflowID", default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<String>,
    /// The run ID of that workflow.
    #[serde(rename = "RunID", default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// The clusters (`provider/cluster`) on which each app was ready at the end.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ready_on: BTreeMap<String, Vec<String>>,
    /// What would be done, for a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Vec<PlannedMove>>,
    /// What could not be undone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_undone: Vec<String>,
    /// Whether none of its apps is on the source.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nothing_there: bool,
    /// Whether its workflow was cancelled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
}

/// The state of a deployment intent group's move.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DigProgress {
    /// The move has not started.
    #[default]
    Waiting,
    /// The move is running.
    Running,
    /// The apps are on the target, and no longer on the source.
    Moved,
    /// The group could be moved, for a dry run.
    Planned,
    /// Everything is as it was before.
    RolledBack,
    /// The move was refused before anything was changed, or could not be undone completely.
    Failed,
    /// The move was not started, and will not be.
    Skipped,
    /// The apps stay where they are, because as many groups are moved as the evacuation may move.
    Left,
}
