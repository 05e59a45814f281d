//! Errors of the engine.
//!
//! `engine` in an error is its name for people: `Temporal at host:7233 (namespace `default`)`.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use workflow_api::{RunId, TaskQueue, WorkflowFailure, WorkflowId, WorkflowState};

/// Why a call to the engine failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// The workflow, or this run of it, does not exist.
    #[error("{engine} has no workflow `{workflow_id}`{}", run_text(.run_id))]
    NoSuchWorkflow {
        /// The engine's name.
        engine: String,
        /// The workflow.
        workflow_id: WorkflowId,
        /// The run; empty for the latest.
        run_id: RunId,
    },
    /// The namespace does not exist.
    #[error("{engine} has no such namespace; create it or name another")]
    NoSuchNamespace {
        /// The engine's name.
        engine: String,
    },
    /// The server's name resolves to an address that is never called.
    #[error("{engine} must not be called: its name resolves to a link-local, metadata or similar address")]
    Forbidden {
        /// The engine's name.
        engine: String,
    },
    /// The server cannot be reached, or reports that it cannot serve now.
    #[error("{engine} is not available; try again later")]
    Unavailable {
        /// The engine's name.
        engine: String,
        /// Its response.
        #[source]
        source: Cause,
    },
    /// The server did not respond in time.
    #[error("{engine} did not respond within {bound:?}")]
    DeadlineExceeded {
        /// The engine's name.
        engine: String,
        /// The timeout.
        bound: Duration,
    },
    /// The server rejects the request; it would reject a repeat as well.
    #[error("{engine} rejects the request: {message}")]
    InvalidArgument {
        /// The engine's name.
        engine: String,
        /// Its response.
        message: String,
    },
    /// The server rejects the request because of the current state of the workflow.
    #[error("{engine} cannot do this in the current state of the workflow: {message}")]
    FailedPrecondition {
        /// The engine's name.
        engine: String,
        /// Its response.
        message: String,
    },
    /// The bridge's credentials are missing, wrong or not sufficient.
    #[error("{engine} rejects the bridge's credentials: {message}")]
    PermissionDenied {
        /// The engine's name.
        engine: String,
        /// Its response.
        message: String,
    },
    /// Any other error.
    #[error("{engine} failed")]
    Other {
        /// The engine's name.
        engine: String,
        /// Its response.
        #[source]
        source: Cause,
    },
}

/// The cause of an error; shared, because all callers that wait on one run get the same one.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// Why a query has no result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum QueryError {
    /// The run's state does not allow a query.
    #[error("workflow `{workflow_id}` cannot be queried: {message}")]
    Rejected {
        /// The workflow.
        workflow_id: WorkflowId,
        /// The reason.
        message: String,
    },
    /// The workflow has no such query, or its query handler failed. Engines report both in the same way.
    #[error("workflow `{workflow_id}` did not answer query `{query_type}`: {message}")]
    Failed {
        /// The workflow.
        workflow_id: WorkflowId,
        /// The query.
        query_type: String,
        /// The workflow's response.
        message: String,
    },
    /// No worker is running that could answer.
    #[error("no worker polls task queue `{task_queue}`, so workflow `{workflow_id}` cannot answer")]
    NoWorker {
        /// The workflow.
        workflow_id: WorkflowId,
        /// The task queue without a worker.
        task_queue: TaskQueue,
    },
    /// No result came in time: the worker is busy, is stuck, or has just stopped.
    #[error(
        "workflow `{workflow_id}` did not answer within {bound:?}: check that the workers of task queue \
         `{task_queue}` run, or use a longer timeout"
    )]
    Late {
        /// The workflow.
        workflow_id: WorkflowId,
        /// The task queue of its workers.
        task_queue: TaskQueue,
        /// The timeout.
        bound: Duration,
    },
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Why a command to a run failed: cancel, terminate, signal.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommandError {
    /// It has ended already.
    #[error("workflow `{workflow_id}` has ended already: run `{run_id}` is {state}")]
    AlreadyClosed {
        /// The workflow.
        workflow_id: WorkflowId,
        /// The run.
        run_id: RunId,
        /// Its state.
        state: WorkflowState,
    },
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Why a run was not paused or unpaused.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PauseError {
    /// The engine cannot pause workflows, or its operator has not turned it on.
    #[error("{engine} does not pause workflows: {message}")]
    Unsupported {
        /// The engine's name.
        engine: String,
        /// Its response.
        message: String,
    },
    /// The run has ended, or the engine failed.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl From<EngineError> for PauseError {
    fn from(error: EngineError) -> Self {
        Self::Command(error.into())
    }
}

/// Why an update has no outcome.
#[derive(Debug, Clone, thiserror::Error)]
pub enum UpdateError {
    /// The workflow has no such update, or rejected it. Nothing was changed.
    #[error("workflow `{workflow_id}` rejects update `{name}`: {}", .failure.message)]
    Rejected {
        /// The workflow.
        workflow_id: WorkflowId,
        /// The update.
        name: String,
        /// The reason.
        failure: Box<WorkflowFailure>,
    },
    /// The workflow accepted the update, and the update failed.
    #[error("update `{name}` of workflow `{workflow_id}` failed: {}", .failure.message)]
    Failed {
        /// The workflow.
        workflow_id: WorkflowId,
        /// The update.
        name: String,
        /// The reason.
        failure: Box<WorkflowFailure>,
    },
    /// No worker is running that could accept it.
    #[error("no worker polls task queue `{task_queue}`, so workflow `{workflow_id}` cannot be updated")]
    NoWorker {
        /// The workflow.
        workflow_id: WorkflowId,
        /// The task queue without a worker.
        task_queue: TaskQueue,
    },
    /// No worker accepted it in time. A worker may still accept it later.
    #[error(
        "no worker accepted update `{name}` of workflow `{workflow_id}` within {bound:?}; repeat it with the \
         same updateID"
    )]
    NotTaken {
        /// The workflow.
        workflow_id: WorkflowId,
        /// The update.
        name: String,
        /// The timeout.
        bound: Duration,
    },
    /// The run has ended, or the engine failed.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl From<EngineError> for UpdateError {
    fn from(error: EngineError) -> Self {
        Self::Command(error.into())
    }
}

/// Why a run was not reset.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ResetError {
    /// No worker has completed a workflow task of this run yet.
    #[error(
        "run `{run_id}` of workflow `{workflow_id}` has completed no workflow task, so there is no point to reset it to"
    )]
    NothingDone {
        /// The workflow.
        workflow_id: WorkflowId,
        /// The run.
        run_id: RunId,
    },
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Why a run will not be terminated later.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EscalateError {
    /// The operator has turned it off.
    #[error("this bridge does not escalate: its operator has set BRIDGE_ESCALATION=off")]
    Off,
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

fn run_text(run_id: &RunId) -> String {
    if run_id.is_empty() { String::new() } else { format!(", run `{run_id}`") }
}
