//! The status of a workflow: description, history, query and wait in one call, side by side, each with an error of its own.

use std::time::Duration;

use metrics::gauge;
use serde_json::Value;
use workflow_api::{RawJson, RunId, WorkflowId, WorkflowState, WorkflowStatus};

use super::{App, IntentError, TargetError};
use crate::intent::IntentKey;
use crate::temporal::{
    Closed, Description, EngineError, HistoryPage, HistoryRequest, Query, QueryError, Waited, WorkflowRun,
};

/// The gauge of callers who wait for the end of a run.
pub(crate) const OPEN_WAITS: &str = "bridge_open_waits";

/// How long a workflow may take to answer a query that does not say.
const QUERY: Duration = Duration::from_secs(10);

/// What to tell of which workflow (EMCO-API §1.6).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusRequest {
    /// Temporal's address; empty for the configured one.
    pub temporal_server: String,
    /// The namespace; empty for the configured one.
    pub namespace: String,
    /// The workflow; empty for the intent's.
    pub workflow_id: WorkflowId,
    /// The run; empty for the latest.
    pub run_id: RunId,
    /// Whether to wait for the end of the run, and for its result.
    pub wait: bool,
    /// How long to wait; `None` for the bridge's own bound.
    pub timeout: Option<Duration>,
    /// Whether to tell Temporal's description.
    pub describe: bool,
    /// Which part of the history to tell; `None` for nothing.
    pub history: Option<HistoryRequest>,
    /// What to ask the workflow; `None` for nothing.
    pub query: Option<Query>,
    /// Whether to tell the stack traces of failures.
    pub stack_trace: bool,
}

/// The status, and whether it is all that was asked for.
#[derive(Debug, Clone)]
pub struct StatusReport {
    /// The status.
    pub status: WorkflowStatus,
    /// Whether the run went on when the waiting ended.
    pub unfinished: bool,
    /// What went wrong beside.
    pub errors: Vec<MethodError>,
}

/// The parts of a status, each asked for by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Temporal's description.
    Describe,
    /// The history.
    History,
    /// A question to the workflow.
    Query,
    /// The wait for the end.
    Wait,
}

impl Method {
    /// Its name in answers.
    pub fn word(self) -> &'static str {
        match self {
            Self::Describe => "describe",
            Self::History => "history",
            Self::Query => "query",
            Self::Wait => "wait",
        }
    }
}

/// Why one part of a status is missing.
#[derive(Debug, Clone)]
pub struct MethodError {
    /// The part.
    pub method: Method,
    /// Why.
    pub error: QueryError,
}

/// Why there is no status.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatusError {
    /// There is no such intent, or it could not be looked up.
    #[error(transparent)]
    Intent(#[from] IntentError),
    /// The Temporal server may not be asked.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Temporal did not answer as hoped.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Nothing of what was asked for can be told.
    #[error("nothing of what was asked for can be told: {}", .0.iter().map(|error| error.error.to_string()).collect::<Vec<_>>().join("; "))]
    Nothing(Vec<MethodError>),
}

impl App {
    /// The status of a workflow that belongs to an intent.
    ///
    /// # Errors
    /// When the intent does not exist, or not one part of what was asked for can be told.
    pub async fn status(
        &self,
        key: &IntentKey,
        request: &StatusRequest,
    ) -> Result<StatusReport, StatusError> {
        let workflow_id = self.workflow_of(key, request.workflow_id.clone()).await?;
        let run = WorkflowRun {
            target: self.targets.resolve(&request.temporal_server, &request.namespace)?,
            workflow_id,
            run_id: request.run_id.clone(),
        };
        let (mut seen, answer, waited) = tokio::join!(
            self.see(&run, request.history.as_ref()),
            self.ask(&run, request.query.as_ref()),
            self.wait(&run, request),
        );
        // What was seen before the end is out of date now.
        if let Some(Ok(Waited::Closed(closed))) = &waited
            && !seen
                .description
                .as_ref()
                .is_ok_and(|seen| seen.run_id == closed.run_id && seen.state == closed.state)
        {
            let ended = WorkflowRun { run_id: closed.run_id.clone(), ..run.clone() };
            // A later page stays with its run.
            let history = request.history.as_ref().filter(|history| history.page_token.is_none());
            let now = self.see(&ended, history).await;
            seen = Seen { description: now.description, history: now.history.or(seen.history) };
        }
        Parts { seen, answer, waited }.report(run, request)
    }

    async fn see(&self, run: &WorkflowRun, history: Option<&HistoryRequest>) -> Seen {
        let events = async {
            match history {
                Some(request) => Some(self.engine.history(run, request).await),
                None => None,
            }
        };
        let (description, history) = tokio::join!(self.engine.describe(run), events);
        Seen { description, history }
    }

    async fn ask(&self, run: &WorkflowRun, query: Option<&Query>) -> Option<Result<Value, QueryError>> {
        let mut query = query?.clone();
        query.bound = Some(query.bound.unwrap_or(QUERY).min(self.limits.max_wait));
        Some(self.engine.query(run, &query).await)
    }

    async fn wait(&self, run: &WorkflowRun, request: &StatusRequest) -> Option<Result<Waited, EngineError>> {
        if !request.wait {
            return None;
        }
        let _counted = Counted::one(OPEN_WAITS);
        let bound = request.timeout.unwrap_or(self.limits.wait).min(self.limits.max_wait);
        tokio::select! {
            waited = self.engine.wait(run, Some(bound)) => Some(waited),
            // A process that ends does not hold its callers: they come back to another one.
            () = self.shutdown.draining() => Some(Ok(Waited::StillRunning)),
        }
    }
}

/// One more on a gauge, for as long as it lives.
pub(super) struct Counted(&'static str);

impl Counted {
    pub(super) fn one(name: &'static str) -> Self {
        gauge!(name).increment(1.0);
        Self(name)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        gauge!(self.0).decrement(1.0);
    }
}

/// What Temporal said at one moment.
struct Seen {
    description: Result<Description, EngineError>,
    history: Option<Result<HistoryPage, EngineError>>,
}

/// The answers of all methods; none where a method was not asked for.
struct Parts {
    seen: Seen,
    answer: Option<Result<Value, QueryError>>,
    waited: Option<Result<Waited, EngineError>>,
}

impl Parts {
    fn report(self, run: WorkflowRun, request: &StatusRequest) -> Result<StatusReport, StatusError> {
        let mut errors = Errors(Vec::new());
        // Always asked, because every answer names run and state; but it is a success only to those who asked for it.
        let described = request.describe
            || (self.seen.history.is_none() && self.answer.is_none() && self.waited.is_none());
        let description = errors.keep(Method::Describe, Some(self.seen.description));
        let history = errors.keep(Method::History, self.seen.history);
        let answer = errors.keep(Method::Query, self.answer);
        let waited = errors.keep(Method::Wait, self.waited);
        let told =
            (described && description.is_some()) || history.is_some() || answer.is_some() || waited.is_some();
        if !told {
            return Err(StatusError::Nothing(errors.0));
        }
        let unfinished = waited == Some(Waited::StillRunning);
        let mut status =
            WorkflowStatus { workflow_id: run.workflow_id, run_id: run.run_id, ..Default::default() };
        if let Some(Description { run_id, state, json, .. }) = description {
            status.run_id = run_id;
            status.workflow_state = Some(state);
            status.workflow_execution_description = if request.describe { json } else { RawJson::default() };
        }
        if let Some(history) = history {
            status.workflow_history = Some(history.events);
            status.history_next_page_token = history.next.map(|next| next.to_string());
        }
        // As in EMCO: a workflow that answers nothing leaves the field out.
        status.workflow_query_result = answer.filter(|answer| !answer.is_null());
        if let Some(Waited::Closed(closed)) = waited {
            tell_end(&mut status, closed, request.stack_trace);
        }
        Ok(StatusReport { status, unfinished, errors: errors.0 })
    }
}

/// Puts how a run ended into its status.
pub(super) fn tell_end(status: &mut WorkflowStatus, closed: Closed, stack_trace: bool) {
    status.run_id = closed.run_id;
    status.workflow_state = Some(closed.state);
    status.workflow_result =
        (closed.state == WorkflowState::Completed).then(|| closed.result.unwrap_or_default());
    status.workflow_failure =
        closed.failure.map(|failure| if stack_trace { failure } else { failure.without_stack_traces() });
}

struct Errors(Vec<MethodError>);

impl Errors {
    fn keep<T>(&mut self, method: Method, answer: Option<Result<T, impl Into<QueryError>>>) -> Option<T> {
        match answer? {
            Ok(value) => Some(value),
            Err(error) => {
                self.0.push(MethodError { method, error: error.into() });
                None
            }
        }
    }
}
