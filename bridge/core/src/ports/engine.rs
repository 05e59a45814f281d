//! The workflow engine.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use workflow_api::{
    Escalation, NextStart, PendingActivity, PendingChild, RawJson, RunId, TaskFailing, TaskQueue,
    WorkflowFailure, WorkflowState, WorkflowType,
};

use super::{
    CommandError, EngineError, EscalateError, HistoryPage, HistoryRequest, PauseError, QueryError,
    ResetError, UpdateError,
};
use crate::model::{Target, WorkflowRun};

/// A workflow engine. Every call has a timeout of its own. Dropping a call ends it at once.
#[async_trait]
pub trait Engine: std::fmt::Debug + Send + Sync {
    /// Returns the state of a run, and its times.
    async fn outline(&self, run: &WorkflowRun) -> Result<Outline, EngineError>;

    /// Returns all data of the engine about a run.
    async fn describe(&self, run: &WorkflowRun) -> Result<Description, EngineError>;

    /// Returns a page of the current events of a run.
    async fn history(&self, run: &WorkflowRun, request: &HistoryRequest) -> Result<HistoryPage, EngineError>;

    /// Returns the events of a run after the one with the ID `after` (0 for all) as they happen, and those of
    /// the runs that continue it, up to the event that closes the last run. Any number of streams on one run
    /// cost the engine one.
    fn events(&self, run: &WorkflowRun, after: i64)
    -> BoxStream<'static, Result<Arc<RunEvent>, EngineError>>;

    /// Queries the workflow's code. A query without a result returns `null`.
    async fn query(&self, run: &WorkflowRun, query: &Query) -> Result<RawJson, QueryError>;

    /// Waits until the run and every run that continues it have closed, but no longer than `bound`, if given.
    /// Any number of waits on one run cost the engine one.
    async fn wait(&self, run: &WorkflowRun, bound: Option<Duration>) -> Result<Waited, EngineError>;

    /// Asks a run to end; its code may clean up first.
    async fn cancel(&self, run: &WorkflowRun, order: &StopOrder) -> Result<(), CommandError>;

    /// Ends a run at once. `details` is stored in its history, as one value.
    async fn terminate(
        &self,
        run: &WorkflowRun,
        order: &StopOrder,
        details: Option<&RawJson>,
    ) -> Result<(), CommandError>;

    /// Terminates a run, or the run that continues it, unless it closes within `grace`. This works even if
    /// this process ends before.
    async fn terminate_after(
        &self,
        run: &WorkflowRun,
        order: &StopOrder,
        grace: Duration,
    ) -> Result<Escalation, EscalateError>;

    /// Sends a signal. The engine does not report whether the workflow handles it.
    async fn signal(&self, run: &WorkflowRun, signal: &Signal) -> Result<(), CommandError>;

    /// Updates the workflow, and waits for the outcome.
    async fn update(&self, run: &WorkflowRun, update: &Update) -> Result<Updated, UpdateError>;

    /// Pauses a run: its code does nothing until it is unpaused. A run that is paused already stays paused.
    async fn pause(&self, run: &WorkflowRun, order: &PauseOrder) -> Result<(), PauseError>;

    /// Lets a paused run continue. A run that is not paused continues as it is.
    async fn unpause(&self, run: &WorkflowRun, order: &PauseOrder) -> Result<(), PauseError>;

    /// Ends the run, and starts another that continues from a point of its history. Returns the new run.
    async fn reset(&self, run: &WorkflowRun, reset: &Reset) -> Result<RunId, ResetError>;

    /// Returns the workers that poll a task queue.
    async fn pollers(&self, target: &Target, queue: &TaskQueue) -> Result<QueuePollers, EngineError>;
}

/// The workers that poll a task queue, for each kind of task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueuePollers {
    /// Those of workflow tasks.
    pub workflow: Pollers,
    /// Those of activity tasks.
    pub activity: Pollers,
}

/// Workers that poll a task queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pollers {
    /// How many there are. One that has stopped is counted for some more time.
    pub number: usize,
    /// When one has polled last, also if it is gone; `None` if the engine does not know.
    pub last: Option<jiff::Timestamp>,
}

/// The state of a run, and its times.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// Its state.
    pub state: WorkflowState,
    /// The run itself, also if the call was about the latest run.
    pub run_id: RunId,
    /// The first run of its chain: runs that continue each other by continue-as-new, retries or a cron schedule.
    pub first_run_id: RunId,
    /// Its workflow type.
    pub workflow_type: WorkflowType,
    /// The task queue of its workers.
    pub task_queue: TaskQueue,
    /// When it was started.
    pub started: Option<jiff::Timestamp>,
    /// When it closed.
    pub closed: Option<jiff::Timestamp>,
    /// The activities that have not ended.
    pub pending_activities: Vec<PendingActivity>,
    /// Why it makes no progress, if its workflow task fails again and again.
    pub task_failing: Option<TaskFailing>,
    /// When it begins, if it has not.
    pub next_start: Option<NextStart>,
    /// The child workflows whose end the run has not received.
    pub pending_children: Vec<PendingChild>,
    /// The keys of the starts that made it or found it running; empty if the engine does not report them.
    pub request_ids: Vec<String>,
}

/// All data of the engine about a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// Its state and times.
    pub outline: Outline,
    /// All data, as the engine's canonical JSON.
    pub json: RawJson,
}

/// One event of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEvent {
    /// The run.
    pub run_id: RunId,
    /// The ID of the event: counted from 1, without gaps.
    pub event_id: i64,
    /// The event as the engine's canonical JSON.
    pub json: RawJson,
    /// Whether it paused the run, or let it continue.
    pub pauses: bool,
    /// How it closed the run, if it did.
    pub close: Option<RunClose>,
}

/// How an event closed its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunClose {
    /// The state of the closed run.
    pub state: WorkflowState,
    /// The run that continues it.
    pub next: Option<RunId>,
}

/// A query of a workflow's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The type of the query.
    pub query_type: String,
    /// Its arguments, in order.
    pub args: Vec<RawJson>,
    /// The timeout; `None` for the engine's default.
    pub bound: Option<Duration>,
    /// The states of the run in which the query is rejected; `None` for those in which no result is possible.
    pub reject: Option<RejectCondition>,
}

/// The states of a run in which a query is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectCondition {
    /// All states except open.
    NotOpen,
    /// All states except open and completed.
    NotCompletedCleanly,
}

/// How a wait ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Waited {
    /// The run closed, and no other run continues it.
    Closed(Closed),
    /// The bound was reached first.
    StillOpen {
        /// The run that is open: the given one, or one that continues it.
        run_id: RunId,
        /// Its state.
        state: WorkflowState,
    },
}

/// How a run closed.
#[derive(Debug, Clone, PartialEq)]
pub struct Closed {
    /// The run that closed. It is a later run than the given one if that one continued as new or was retried.
    pub run_id: RunId,
    /// Its state: never `Running`, and never `ContinuedAsNew`, which is followed.
    pub state: WorkflowState,
    /// Its result, if it completed; `null` if the workflow returned nothing.
    pub result: Option<RawJson>,
    /// Why it did not complete. For a cancelled or terminated run, it has the given reason.
    pub failure: Option<WorkflowFailure>,
}

/// A request to end a run. The engine stores the reason and the identity in the run's history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StopOrder {
    /// The reason.
    pub reason: String,
    /// Who requested it; empty for the bridge itself.
    pub identity: String,
    /// The first run of a chain: the latest run ends only if it belongs to this chain. Empty for any chain.
    pub first_run_id: RunId,
}

/// A request to pause a run, or to let it continue. The engine stores both texts in the run's history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PauseOrder {
    /// The reason.
    pub reason: String,
    /// Who requested it.
    pub identity: String,
}

/// A signal to a workflow.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Signal {
    /// Its name.
    pub name: String,
    /// Its arguments, in order.
    pub args: Vec<RawJson>,
    /// Signals with one ID are one signal.
    pub request_id: String,
    /// Who sends it.
    pub identity: String,
}

/// An update of a workflow.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Update {
    /// Its name.
    pub name: String,
    /// Its arguments, in order.
    pub args: Vec<RawJson>,
    /// Updates with one ID are one update.
    pub update_id: String,
    /// Who requested it.
    pub identity: String,
    /// How long to wait for the outcome.
    pub bound: Duration,
}

/// The progress of an update.
#[derive(Debug, Clone, PartialEq)]
pub enum Updated {
    /// The workflow completed it.
    Completed {
        /// The run that was updated.
        run_id: RunId,
        /// The result; `null` if the update returned nothing.
        result: RawJson,
    },
    /// The workflow accepted it, but has not completed it within the timeout.
    Accepted {
        /// The run that is updated.
        run_id: RunId,
    },
}

/// A request to restart a workflow from a point of its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reset {
    /// The point.
    pub to: ResetPoint,
    /// The reason.
    pub reason: String,
    /// Who requested it.
    pub identity: String,
}

/// A point of a history from which a workflow can restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetPoint {
    /// The end of the first workflow task.
    FirstWorkflowTask,
    /// The end of the last workflow task.
    LastWorkflowTask,
    /// The event of this number, which ended a workflow task.
    Event(i64),
}
