//! The input and the result of the workflow that a schedule starts.

use bridge_core::model::{KeptSchedule, ScheduleKey};
use bridge_core::{Fired, FollowedRun};
use serde::{Deserialize, Serialize};
use workflow_api::{RunId, WorkflowId, WorkflowState};

/// The schedule. Everything else about it is in the bridge's database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    /// Its path: `project/app/version/group/intent/schedule`.
    pub schedule: String,
    /// The revision that Temporal has.
    pub revision: i64,
    /// After how many starts it ends, in that revision. Another number begins a new count.
    pub max_starts: i64,
}

impl Order {
    pub(super) fn new(key: &ScheduleKey, kept: &KeptSchedule) -> Self {
        let (revision, max_starts) = (kept.revision.get(), kept.schedule.spec.max_starts);
        Self { schedule: key.to_string(), revision, max_starts }
    }

    /// Returns whether it is of the same revision or a later one.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.schedule == other.schedule && self.revision >= other.revision
    }
}

/// A run of the intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    /// The schedule's path.
    pub schedule: String,
    /// The workflow.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// The run.
    #[serde(rename = "runID")]
    pub run_id: RunId,
    /// Whether the schedule follows it to its end.
    pub follow: bool,
}

impl Run {
    pub(super) fn new(schedule: &str, fired: Fired) -> Self {
        let follow = matches!(fired, Fired::Follow(_));
        let (Fired::Started(run) | Fired::Follow(run)) = fired;
        Self { schedule: schedule.to_owned(), workflow_id: run.workflow_id, run_id: run.run_id, follow }
    }

    pub(super) fn followed(&self) -> FollowedRun {
        FollowedRun { workflow_id: self.workflow_id.clone(), run_id: self.run_id.clone() }
    }
}

/// What a time of a schedule led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// The workflow of the intent.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// Its run.
    #[serde(rename = "runID")]
    pub run_id: RunId,
    /// How it ended; `None` if it was not followed, or Temporal has deleted it.
    pub state: Option<WorkflowState>,
}
