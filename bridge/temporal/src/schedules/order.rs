//! The input and the result of the workflow that a schedule starts.

use bridge_core::model::{KeptSchedule, ScheduleKey};
use bridge_core::{Fired, FollowedRun};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use workflow_api::{RunId, WorkflowId, WorkflowState};

/// The workflow type of a scheduled start.
pub(super) const WORKFLOW_TYPE: &str = "EmcoBridgeScheduledStart";

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

/// Returns the time for which a schedule has started the workflow with this ID. Temporal writes it at the end of the
/// ID, in UTC and whole seconds, without jitter.
pub(super) fn time_of(workflow_id: &str) -> Option<Timestamp> {
    const LENGTH: usize = "2026-12-31T23:59:59Z".len();
    let at = workflow_id.len().checked_sub(LENGTH)?;
    workflow_id.get(at..)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_at_the_end_of_the_id() {
        let id = "emco-bridge-0a1b/p/a/v/d/i/s-2026-11-28T09:00:00Z";
        assert_eq!(time_of(id), Some("2026-11-28T09:00:00Z".parse().unwrap()));
        for id in ["", "2026-11-28T09:00:0Z", "é2026-11-28T09:00:00", "emco-bridge-0a1b/p/a/v/d/i/s-manual"]
        {
            assert_eq!(time_of(id), None, "{id}");
        }
    }
}
