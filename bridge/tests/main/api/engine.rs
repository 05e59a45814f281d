//! A scripted engine, for responses that a real Temporal gives only in rare cases.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bridge_core::model::{Target, WorkflowRun};
use bridge_core::ports::{
    CommandError, Description, Engine, EngineError, EscalateError, HistoryPage, HistoryRequest, Outline,
    PauseError, PauseOrder, Query, QueryError, QueuePollers, Reset, ResetError, RunEvent, Signal, StopOrder,
    Update, UpdateError, Updated, Waited,
};
use futures::future::{BoxFuture, ready};
use futures::stream::{BoxStream, empty};
use futures::{FutureExt, StreamExt};
use serde_json::{Value, json};
use workflow_api::{Escalation, RawJson, RunId, TaskQueue, WorkflowState};

type Answer<T, Q = WorkflowRun> = Box<dyn Fn(&Q) -> T + Send + Sync>;

/// A scripted engine.
pub(crate) struct ScriptedEngine {
    pub(super) outline: Answer<Result<Outline, EngineError>>,
    pub(super) history: Answer<Result<HistoryPage, EngineError>, HistoryRequest>,
    pub(super) query: Answer<Result<RawJson, QueryError>>,
    pub(super) wait: Answer<BoxFuture<'static, Result<Waited, EngineError>>>,
    pub(super) stop: Answer<Result<(), CommandError>>,
    /// The orders that it got: to cancel (no details) and to terminate.
    pub(super) orders: Arc<Mutex<Vec<Order>>>,
}

/// An order to end a run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Order {
    pub(super) run: WorkflowRun,
    pub(super) terminate: bool,
    pub(super) reason: String,
    pub(super) details: Option<RawJson>,
}

impl Default for ScriptedEngine {
    /// Reports every workflow as running.
    fn default() -> Self {
        Self {
            outline: Box::new(|_| Ok(outline(WorkflowState::Running))),
            history: Box::new(|_| Ok(HistoryPage { events: vec![event(1, "")], next: None })),
            query: Box::new(|_| Ok(Value::Null.into())),
            wait: Box::new(|run| ready(Ok(still_open(run))).boxed()),
            stop: Box::new(|_| Ok(())),
            orders: Arc::default(),
        }
    }
}

impl ScriptedEngine {
    /// Has no workflow.
    pub(super) fn empty() -> Self {
        let none = |run: &WorkflowRun| {
            Err(EngineError::NoSuchWorkflow {
                engine: String::new(),
                workflow_id: run.workflow_id.clone(),
                run_id: run.run_id.clone(),
            })
        };
        Self { outline: Box::new(none), ..Self::default() }
    }

    /// Is away while this is true.
    pub(crate) fn away_while(away: Arc<AtomicBool>) -> Self {
        let running = Self::default().outline;
        let outline = move |run: &WorkflowRun| {
            if away.load(Ordering::SeqCst) {
                let source = Arc::new(std::io::Error::other("no route to host"));
                return Err(EngineError::Unavailable { engine: "Temporal".to_owned(), source });
            }
            running(run)
        };
        Self { outline: Box::new(outline), ..Self::default() }
    }

    /// Fails in the same way on every call.
    pub(super) fn failing(error: EngineError) -> Self {
        let (one, two, three, four) = (error.clone(), error.clone(), error.clone(), error);
        Self {
            outline: Box::new(move |_| Err(one.clone())),
            query: Box::new(move |_| Err(two.clone().into())),
            wait: Box::new(move |_| ready(Err(three.clone())).boxed()),
            stop: Box::new(move |_| Err(four.clone().into())),
            ..Self::default()
        }
    }
}

/// Returns the result of a wait for a run that stays open.
fn still_open(run: &WorkflowRun) -> Waited {
    let latest = run.run_id.is_empty();
    let run_id = if latest { "run-1".into() } else { run.run_id.clone() };
    Waited::StillOpen { run_id, state: WorkflowState::Running }
}

/// Returns an event with a text.
pub(super) fn event(id: i64, text: &str) -> RawJson {
    RawJson::of(&json!({"eventId": id.to_string(), "text": text})).unwrap()
}

/// Returns a run in this state, started now.
pub(super) fn outline(state: WorkflowState) -> Outline {
    Outline {
        state,
        run_id: "run-1".into(),
        first_run_id: "run-1".into(),
        workflow_type: "Type".into(),
        task_queue: "queue".into(),
        started: Some(jiff::Timestamp::now()),
        closed: None,
        pending_activities: Vec::new(),
        task_failing: None,
        next_start: None,
        pending_children: Vec::new(),
        request_ids: Vec::new(),
    }
}

/// Returns a run that another start made, by its key.
pub(super) fn of_another_start(state: WorkflowState) -> Outline {
    Outline { request_ids: vec!["key-of-another-start".to_owned()], ..outline(state) }
}

impl fmt::Debug for ScriptedEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScriptedEngine")
    }
}

#[async_trait]
impl Engine for ScriptedEngine {
    async fn outline(&self, run: &WorkflowRun) -> Result<Outline, EngineError> {
        (self.outline)(run)
    }

    async fn describe(&self, run: &WorkflowRun) -> Result<Description, EngineError> {
        let outline = (self.outline)(run)?;
        let status = json!({"workflowExecutionInfo": {"status": outline.state.to_string()}});
        Ok(Description { outline, json: RawJson::of(&status).unwrap() })
    }

    async fn history(&self, _: &WorkflowRun, request: &HistoryRequest) -> Result<HistoryPage, EngineError> {
        (self.history)(request)
    }

    fn events(&self, _: &WorkflowRun, _: i64) -> BoxStream<'static, Result<Arc<RunEvent>, EngineError>> {
        empty().boxed()
    }

    async fn query(&self, run: &WorkflowRun, _: &Query) -> Result<RawJson, QueryError> {
        (self.query)(run)
    }

    async fn wait(&self, run: &WorkflowRun, _: Option<Duration>) -> Result<Waited, EngineError> {
        (self.wait)(run).await
    }

    async fn cancel(&self, run: &WorkflowRun, order: &StopOrder) -> Result<(), CommandError> {
        self.note(run, order, false, None);
        (self.stop)(run)
    }

    async fn terminate(
        &self,
        run: &WorkflowRun,
        order: &StopOrder,
        details: Option<&RawJson>,
    ) -> Result<(), CommandError> {
        self.note(run, order, true, details);
        (self.stop)(run)
    }

    async fn terminate_after(
        &self,
        _: &WorkflowRun,
        _: &StopOrder,
        _: Duration,
    ) -> Result<Escalation, EscalateError> {
        Err(EscalateError::Off)
    }

    async fn signal(&self, run: &WorkflowRun, _: &Signal) -> Result<(), CommandError> {
        (self.stop)(run)
    }

    async fn update(&self, run: &WorkflowRun, _: &Update) -> Result<Updated, UpdateError> {
        (self.stop)(run)?;
        Ok(Updated::Accepted { run_id: run.run_id.clone() })
    }

    async fn pause(&self, run: &WorkflowRun, _: &PauseOrder) -> Result<(), PauseError> {
        Ok((self.stop)(run)?)
    }

    async fn unpause(&self, run: &WorkflowRun, _: &PauseOrder) -> Result<(), PauseError> {
        let (engine, message) = (run.target.to_string(), "it is too old".to_owned());
        Err(PauseError::Unsupported { engine, message })
    }

    async fn reset(&self, run: &WorkflowRun, _: &Reset) -> Result<RunId, ResetError> {
        Ok((self.outline)(run)?.run_id)
    }

    async fn pollers(&self, _: &Target, _: &TaskQueue) -> Result<QueuePollers, EngineError> {
        Ok(QueuePollers::default())
    }
}

impl ScriptedEngine {
    fn note(&self, run: &WorkflowRun, order: &StopOrder, terminate: bool, details: Option<&RawJson>) {
        let (run, reason, details) = (run.clone(), order.reason.clone(), details.cloned());
        self.orders.lock().unwrap().push(Order { run, terminate, reason, details });
    }
}
