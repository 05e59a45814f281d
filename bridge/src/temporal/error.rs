//! Why the engine did not do what was asked. The texts are for people; the causes are in the source.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use workflow_api::{RunId, TaskQueue, WorkflowId, WorkflowState};

/// Why the engine did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// No such workflow, or no such run of it.
    #[error("Temporal at {target} knows no workflow `{workflow_id}`{}", run_text(.run_id))]
    NoSuchWorkflow {
        /// Where it was looked for.
        target: String,
        /// The workflow.
        workflow_id: WorkflowId,
        /// The run; empty where the latest was meant.
        run_id: RunId,
    },
    /// No such namespace.
    #[error("Temporal at {target} has no such namespace; create it or name another")]
    NoSuchNamespace {
        /// Address and namespace.
        target: String,
    },
    /// The server cannot be reached, or says that it cannot serve now.
    #[error("Temporal at {target} is not available; try again later")]
    Unavailable {
        /// Address and namespace.
        target: String,
        /// What it said.
        #[source]
        source: Cause,
    },
    /// The server did not answer in time.
    #[error("Temporal at {target} did not answer within {bound:?}")]
    DeadlineExceeded {
        /// Address and namespace.
        target: String,
        /// The time it was given.
        bound: Duration,
    },
    /// The server refuses what was asked: asking again does not help.
    #[error("Temporal at {target} refuses the request: {message}")]
    InvalidArgument {
        /// Address and namespace.
        target: String,
        /// What it said.
        message: String,
    },
    /// Our credentials are missing, wrong or not enough.
    #[error("Temporal at {target} refuses the bridge's credentials: {message}")]
    PermissionDenied {
        /// Address and namespace.
        target: String,
        /// What it said.
        message: String,
    },
    /// Anything else.
    #[error("Temporal at {target} failed")]
    Other {
        /// Address and namespace.
        target: String,
        /// What it said.
        #[source]
        source: Cause,
    },
}

/// What lies under an error; shared, because many waiters get the same one.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// Why a query has no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The run's state does not allow a query.
    #[error("workflow `{workflow_id}` cannot be queried: {message}")]
    Rejected {
        /// The workflow.
        workflow_id: WorkflowId,
        /// Why.
        message: String,
    },
    /// The workflow knows no such query, or failed to answer it; Temporal does not tell these apart.
    #[error("workflow `{workflow_id}` did not answer query `{query_type}`: {message}")]
    Failed {
        /// The workflow.
        workflow_id: WorkflowId,
        /// The query.
        query_type: String,
        /// What the workflow said.
        message: String,
    },
    /// Nobody is there to answer.
    #[error("no worker polls task queue `{task_queue}`, so nobody can answer for workflow `{workflow_id}`")]
    NoWorker {
        /// The workflow.
        workflow_id: WorkflowId,
        /// Where a worker is missing.
        task_queue: TaskQueue,
    },
    /// No answer came in time: the worker is busy, stuck, or gone since moments.
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

/// Why a run was not cancelled or terminated.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StopError {
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

fn run_text(run_id: &RunId) -> String {
    if run_id.is_empty() { String::new() } else { format!(", run `{run_id}`") }
}
