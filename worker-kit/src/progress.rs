//! The progress of a workflow: the results of the queries `current-state` (EMCO-API §2.5) and `progress`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The progress of a workflow: the result of the query `progress`. [`Steps`](crate::Steps) updates it.
///
/// It does not contain the attempts of an activity, because Temporal does not report them to the workflow. They are in
/// the description of the run, among its pending activities.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Progress {
    /// The activity that is running, or else the last one that ran. Null before the first.
    pub step: Option<String>,
    /// The number of this step, counted from 1. While undoing, the number of the undo.
    pub index: usize,
    /// The number of steps. While undoing, the number of undos.
    pub of: usize,
    /// When this step, or else this state, began, by the workflow's time: that of Temporal's history.
    pub since: Option<Timestamp>,
    /// The attempt of the workflow that this run is, from the second on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The failure of a step, after its last retry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// The state.
    pub state: ProgressState,
}

/// The state of a workflow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ProgressState {
    /// No step has begun.
    #[default]
    Started,
    /// A step is running.
    Running,
    /// A step failed or the workflow was cancelled, and undos are running.
    Undoing,
    /// The workflow completed.
    Completed,
    /// The workflow failed.
    Failed,
    /// The workflow was cancelled.
    Cancelled,
}

impl Progress {
    /// Returns the result of EMCO's query `current-state`: `started`, then the name of the running activity, then
    /// `completed`. For a workflow that failed or was cancelled it is the name of the last activity.
    pub fn current_state(&self) -> String {
        match (self.state, &self.step) {
            (ProgressState::Completed, _) => "completed".to_owned(),
            (_, Some(step)) => step.clone(),
            (_, None) => "started".to_owned(),
        }
    }
}
