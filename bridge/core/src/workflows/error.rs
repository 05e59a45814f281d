//! Errors of the use cases about workflows.

use workflow_api::{Fault, MessageKind, RunId, WorkflowId, WorkflowState, cut};

use super::method::StatusMethodError;
use crate::access::Refused;
use crate::lookup::IntentError;
use crate::ports::{
    CommandError, EngineError, EscalateError, PauseError, QueryError, ResetError, TargetError, UpdateError,
};

/// Why a workflow was not stopped, paused, signalled, queried, updated or reset, or has no status.
#[derive(Debug, thiserror::Error)]
pub enum WorkflowError {
    /// The caller is not permitted to do this, or the audit cannot be written.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// There is no such intent, or it could not be looked up.
    #[error(transparent)]
    Intent(#[from] IntentError),
    /// Callers may not use the server or the namespace.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The workflow client declares it otherwise. Nothing was sent.
    #[error("the {kind} `{}` does not fit the workflow; nothing was sent", cut(name))]
    Unfit {
        /// What it is.
        kind: MessageKind,
        /// Its name.
        name: String,
        /// What does not fit, by path in the body of the request.
        faults: Vec<Fault>,
    },
    /// The command failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The run has ended, but another one continues its work.
    #[error(
        "run `{run_id}` of workflow `{workflow_id}` is {state}, but run `{current}` continues its work: name \
         that run, or leave runID out for the latest"
    )]
    Continued {
        /// The workflow.
        workflow_id: WorkflowId,
        /// The run that has ended.
        run_id: RunId,
        /// Its state.
        state: WorkflowState,
        /// The run that continues its work.
        current: RunId,
    },
    /// The query has no result.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The update has no outcome.
    #[error(transparent)]
    Update(#[from] UpdateError),
    /// The run was not paused or unpaused.
    #[error(transparent)]
    Pause(#[from] PauseError),
    /// The run was not reset.
    #[error(transparent)]
    Reset(#[from] ResetError),
    /// It was cancelled, but will not be terminated later.
    #[error("the workflow was cancelled, but nothing will terminate it; repeat the request")]
    Escalate(#[source] EscalateError),
    /// The command succeeded, but the state of the workflow is not known.
    #[error("the request was sent to the workflow, but its status could not be read")]
    Status(#[source] EngineError),
    /// The state of the workflow is not known.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// No requested part of the status could be read.
    #[error("no requested part of the status could be read: {}", .0.iter().map(|error| error.error.to_string()).collect::<Vec<_>>().join("; "))]
    Nothing(Vec<StatusMethodError>),
}

impl WorkflowError {
    /// Removes the stack traces of the workflow's failure.
    #[must_use]
    pub fn without_stack_traces(mut self) -> Self {
        if let Self::Update(UpdateError::Rejected { failure, .. } | UpdateError::Failed { failure, .. }) =
            &mut self
        {
            **failure = std::mem::take(&mut **failure).without_stack_traces();
        }
        self
    }
}
