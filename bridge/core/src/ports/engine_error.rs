//! Why the engine did not do what was asked.
//!
//! `engine` in an error is its place in texts for people: `Temporal at host:7233 (namespace `default`)`.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use workflow_api::{RunId, TaskQueue, WorkflowFailure, WorkflowId, WorkflowState};

/// Why the engine did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// No such workflow, or no such run of it.
    #[error("{engine} knows no workflow `{workflow_id}`{}", run_text(.run_id))]
    NoSuchWorkflow {
        /// Its place.
        engine: String,
        /// The workflow.
        workflow_id: WorkflowId,
        /// The run; empty where the latest was meant.
        run_id: RunId,
    },
    /// No such namespace.
    #[error("{engine} has no such namespace; create it or name another")]
    NoSuchNamespace {
        /// Its place.
        engine: String,
    },
    /// The server's name leads to an address that is never called.
    #[error("{engine} may not be asked: its name leads to a link-local, metadata or similar address")]
    Forbidden {
        /// Its place.
        engine: String,
    },
    /// The server cannot be reached, or says that it cannot serve now.
    #[error("{engine} is not available; try again later")]
    Unavailable {
        /// Its place.
        engine: String,
        /// What it answered.
        #[source]
        source: Cause,
    },
    /// The server did not answer in time.
    #[error("{engine} did not answer within {bound:?}")]
    DeadlineExceeded {
        /// Its place.
        engine: String,
        /// The time it was given.
        bound: Duration,
    },
    /// The server refuses what was asked: asking again does not help.
    #[error("{engine} refuses the request: {message}")]
    InvalidArgument {
        /// Its place.
        engine: String,
        /// What it answered.
        message: String,
    },
    /// Our credentials are missing, wrong or not enough.
    #[error("{engine} refuses the bridge's credentials: {message}")]
    PermissionDenied {
        /// Its place.
        engine: String,
        /// What it answered.
        message: String,
    },
    /// Anything else.
    #[error("{engine} failed")]
    Other {
        /// Its place.
        engine: String,
        /// What it answered.
        #[source]
        source: Cause,
    },
}

/// The cause of an error; shared, because many callers who wait get the same one.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// Why a query has no result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum QueryError {
    /// The run's state does not allow a query.
    #[error("workflow `{workflow_id}` cannot be queried: {message}")]
    Rejected {
        /// The workflow.
        workflow_id: WorkflowId,
        /// Why.
        message: String,
    },
    /// The workflow knows no such query, or failed to answer it; engines report both in one way.
    #[error("workflow `{workflow_id}` did not answer query `{query_type}`: {message}")]
    Failed {
        /// The workflow.
        workflow_id: WorkflowId,
        /// The query.
        query_type: String,
        /// What the workflow answered.
        message: String,
    },
    /// No worker is there to answer.
    #[error("no worker polls task queue `{task_queue}`, so nobody can answer for workflow `{workflow_id}`")]
    NoWorker {
        /// The workflow.
        workflow_id: WorkflowId,
        /// Where a worker is missing.
        task_queue: TaskQueue,
    },
    /// No result came in time: the worker is busy, is stuck, or has just gone.
    #[error(
        "workflow `{workflow_id}` did not answer within {bound:?}: look whether the workers of task queue \
         `{task_queue}` run, or give them longer"
    )]
    Late {
        /// The workflow.
        workflow_id: WorkflowId,
        /// Whose workers were asked.
        task_queue: TaskQueue,
        /// The time they were given.
        bound: Duration,
    },
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Why a run did not take a command: cancel, terminate, signal.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommandError {
    /// It has ended already.
    #[error("workflow `{workflow_id}` has ended already: run `{run_id}` is {state}")]
    AlreadyClosed {
        /// The workflow.
        workflow_id: WorkflowId,
        /// The run.
        run_id: RunId,
        /// How it ended.
        state: WorkflowState,
    },
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Why an update has no outcome.
#[derive(Debug, Clone, thiserror::Error)]
pub enum UpdateError {
    /// The workflow knows no such update, or refused it before it began: nothing changed.
    #[error("workflow `{workflow_id}` rejects update `{name}`: {}", .failure.message)]
    Rejected {
        /// The workflow.
        workflow_id: WorkflowId,
        /// The update.
        name: String,
        /// Why.
        failure: Box<WorkflowFailure>,
    },
    /// The workflow began the update and failed at it.
    #[error("workflow `{workflow_id}` failed at update `{name}`: {}", .failure.message)]
    Failed {
        /// The workflow.
        workflow_id: WorkflowId,
        /// The update.
        name: String,
        /// Why.
        failure: Box<WorkflowFailure>,
    },
    /// No worker is there to take it.
    #[error("no worker polls task queue `{task_queue}`, so nobody can update workflow `{workflow_id}`")]
    NoWorker {
        /// The workflow.
        workflow_id: WorkflowId,
        /// Where a worker is missing.
        task_queue: TaskQueue,
    },
    /// No worker took it in time. A worker may take it yet.
    #[error(
        "no worker took update `{name}` of workflow `{workflow_id}` within {bound:?}; repeat it under the same updateID"
    )]
    NotTaken {
        /// The workflow.
        workflow_id: WorkflowId,
        /// The update.
        name: String,
        /// The time that was given.
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
    /// No worker has done anything for it yet.
    #[error(
        "run `{run_id}` of workflow `{workflow_id}` has completed no workflow task, so there is no point to go back to"
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
    /// The operator has switched it off.
    #[error("this bridge does not escalate: its operator has set BRIDGE_ESCALATION=off")]
    Off,
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

fn run_text(run_id: &RunId) -> String {
    if run_id.is_empty() { String::new() } else { format!(", run `{run_id}`") }
}
