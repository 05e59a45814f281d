//! The progress of a workflow: the results of the queries `current-state` (EMCO-API §2.5) and `progress`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use temporalio_sdk::SyncWorkflowContext;
use workflow_api::Fault;
use workflow_api::params::Parameters;

use crate::SignalArgument;

/// How many faults of a signal the progress has.
const MOST_FAULTS: usize = 10;

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
    /// The last signal whose argument could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_signal: Option<RefusedSignal>,
    /// The state.
    pub state: ProgressState,
}

/// A signal that had no effect, because its argument could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RefusedSignal {
    /// The name of the signal.
    pub signal: String,
    /// When the workflow got it, by the workflow's time.
    pub at: Option<Timestamp>,
    /// What is wrong with its argument, by path. At most 10 faults, without values.
    pub faults: Vec<Fault>,
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
    /// Returns the argument of a signal. If it could not be read, its faults are logged and become part of this
    /// progress.
    pub fn received<W, T: Parameters>(
        &mut self,
        ctx: &SyncWorkflowContext<W>,
        signal: &str,
        argument: SignalArgument<T>,
    ) -> Option<T> {
        match argument.into_result() {
            Ok(value) => Some(value),
            Err(mut faults) => {
                faults.truncate(MOST_FAULTS);
                // What is only replayed here was logged when the signal came.
                if !ctx.is_replaying() {
                    let workflow_id = ctx.workflow_id();
                    tracing::warn!(
                        workflow_id,
                        signal,
                        ?faults,
                        "a signal has no effect: its argument cannot be read"
                    );
                }
                let at = ctx.workflow_time().and_then(|now| now.try_into().ok());
                self.refused_signal = Some(RefusedSignal { signal: signal.to_owned(), at, faults });
                None
            }
        }
    }

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
