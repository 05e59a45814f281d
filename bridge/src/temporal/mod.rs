//! The port to the workflow engine: what the use cases may ask of it. Temporal is the one engine built.

mod command;
mod describe;
mod engine;
mod error;
mod escalation;
mod events;
mod failure;
mod follow;
mod history;
mod payload;
mod pending;
mod polls;
mod query;
mod reset;
mod rpc;
mod signal;
mod stop;
mod update;
mod wait;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
pub use engine::{Bounds, TemporalEngine};
pub use error::{Cause, CommandError, EngineError, EscalateError, QueryError, ResetError, UpdateError};
pub use escalation::{EscalateCancel, Escalations, Resolve};
pub use events::{RunClose, RunEvent};
use futures::stream::BoxStream;
pub use history::{HistoryPage, HistoryRequest, NoPageToken, PageToken};
#[doc(hidden)]
use serde_json::Value;
use temporal::TemporalTarget;
use workflow_api::{
    Escalation, PendingActivity, RawJson, RunId, TaskQueue, WorkflowFailure, WorkflowId, WorkflowState,
    WorkflowType,
};

/// A workflow engine. Every call ends within a bound of its own; dropping a call ends it at once.
#[async_trait]
pub trait Engine: std::fmt::Debug + Send + Sync {
    /// What the engine knows of a run.
    async fn describe(&self, run: &WorkflowRun) -> Result<Description, EngineError>;

    /// The events of a run up to now.
    async fn history(&self, run: &WorkflowRun, request: &HistoryRequest) -> Result<HistoryPage, EngineError>;

    /// The events of a run after the one with the ID `after` (0 for all), those there are and then those to come; on through the
    /// runs that go on with its work, to the event that closes the last. Any number of streams on one run cost the engine one.
    fn events(&self, run: &WorkflowRun, after: i64)
    -> BoxStream<'static, Result<Arc<RunEvent>, EngineError>>;

    /// Asks the workflow's code. A workflow that answers nothing answers `null`.
    async fn query(&self, run: &WorkflowRun, query: &Query) -> Result<Value, QueryError>;

    /// Waits until the run has ended, and any run that it went on in; no longer than `bound`, where there is one.
    /// Any number of waits on one run cost the engine one.
    async fn wait(&self, run: &WorkflowRun, bound: Option<Duration>) -> Result<Waited, EngineError>;

    /// Asks a run to end; its code may clean up first.
    async fn cancel(&self, run: &WorkflowRun, order: &StopOrder) -> Result<(), CommandError>;

    /// Ends a run at once. `details` is kept in its history, as one value.
    async fn terminate(
        &self,
        run: &WorkflowRun,
        order: &StopOrder,
        details: Option<&RawJson>,
    ) -> Result<(), CommandError>;

    /// Ends a run, and any run that it went on in, when `grace` is over and it has not ended by then. Survives this process.
    async fn terminate_after(
        &self,
        run: &WorkflowRun,
        order: &StopOrder,
        grace: Duration,
    ) -> Result<Escalation, EscalateError>;

    /// Sends a signal. Whether the workflow knows it, nobody can tell.
    async fn signal(&self, run: &WorkflowRun, signal: &Signal) -> Result<(), CommandError>;

    /// Updates the workflow, and waits for the outcome.
    async fn update(&self, run: &WorkflowRun, update: &Update) -> Result<Updated, UpdateError>;

    /// Ends the run, and starts one that goes on from a point of its history.
    async fn reset(&self, run: &WorkflowRun, reset: &Reset) -> Result<RunId, ResetError>;
}

/// Names one run of a workflow, or its latest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WorkflowRun {
    /// The server and namespace that hold it.
    pub target: TemporalTarget,
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The run; empty for the latest.
    pub run_id: RunId,
}

/// What the engine knows of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// Where it stands.
    pub state: WorkflowState,
    /// The run itself, also where the latest was asked for.
    pub run_id: RunId,
    /// The first run of the chain that it belongs to, by continuing as new, retries or its cron schedule.
    pub first_run_id: RunId,
    /// What it runs.
    pub workflow_type: WorkflowType,
    /// Whose workers run it.
    pub task_queue: TaskQueue,
    /// When it was started.
    pub started: Option<jiff::Timestamp>,
    /// When it ended.
    pub closed: Option<jiff::Timestamp>,
    /// The activities that have not ended.
    pub pending_activities: Vec<PendingActivity>,
    /// The keys of the starts that it bears; none where the engine tells none.
    pub request_ids: Vec<String>,
    /// Everything, as the engine's canonical JSON.
    pub json: RawJson,
}

/// A question to a workflow's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The name under which the workflow answers it.
    pub query_type: String,
    /// Its arguments, in order.
    pub args: Vec<RawJson>,
    /// How long the workflow may take; none for the engine's own bound.
    pub bound: Option<Duration>,
    /// In which states of the run not to ask; none for those where nobody can answer.
    pub reject: Option<RejectCondition>,
}

/// In which states of a run not to ask it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectCondition {
    /// Unless it is open.
    NotOpen,
    /// Unless it is open or completed.
    NotCompletedCleanly,
}

/// How waiting ended.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart as soon as it is there")]
pub enum Waited {
    /// The run ended, and no other run goes on with its work.
    Closed(Closed),
    /// The bound was reached first.
    StillRunning,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Closed {
    /// The run that ended: a later one than was asked for where that one continued as new or was retried.
    pub run_id: RunId,
    /// How it ended: never `Running`, and never `ContinuedAsNew`, which is followed.
    pub state: WorkflowState,
    /// What it answered, where it completed; `null` where it answered nothing.
    pub result: Option<Value>,
    /// Why it did not complete; for a cancelled or terminated run the reason given.
    pub failure: Option<WorkflowFailure>,
}

/// Who wants a run to end, and why; the engine keeps both in the run's history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StopOrder {
    /// Why.
    pub reason: String,
    /// Who; empty for the bridge itself.
    pub identity: String,
    /// The first run of the chain that is meant, where the latest run is to end only if it belongs to it; else empty.
    pub first_run_id: RunId,
}

/// A message to a workflow.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Signal {
    /// The name under which the workflow takes it.
    pub name: String,
    /// Its arguments, in order.
    pub args: Vec<RawJson>,
    /// Repeats under one ID are one signal.
    pub request_id: String,
    /// Who sends it.
    pub identity: String,
}

/// A change that a workflow is asked for, and answers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Update {
    /// The name under which the workflow takes it.
    pub name: String,
    /// Its arguments, in order.
    pub args: Vec<RawJson>,
    /// Repeats under one ID are one update.
    pub update_id: String,
    /// Who asks for it.
    pub identity: String,
    /// How long to wait for the outcome.
    pub bound: Duration,
}

/// How far an update came.
#[derive(Debug, Clone, PartialEq)]
pub enum Updated {
    /// The workflow is done with it.
    Completed {
        /// The run that was updated.
        run_id: RunId,
        /// What it answered; `null` where it answered nothing.
        result: Value,
    },
    /// The workflow took it, and was at work on it when the bound was reached.
    Accepted {
        /// The run that is updated.
        run_id: RunId,
    },
}

/// A request to run a workflow again from a point of its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reset {
    /// From where.
    pub to: ResetPoint,
    /// Why.
    pub reason: String,
    /// Who wants it.
    pub identity: String,
}

/// A point of a history from which a workflow can run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetPoint {
    /// The end of the first workflow task.
    FirstWorkflowTask,
    /// The end of the last workflow task.
    LastWorkflowTask,
    /// The event of this number, which ended a workflow task.
    Event(i64),
}
