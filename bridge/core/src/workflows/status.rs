//! The status of a workflow: description, history, query and wait in one call, in parallel, each with an
//! error of its own.

use std::time::Duration;

use futures::Stream;
use futures::stream::try_unfold;
use workflow_api::{MessageKind, RawJson, TaskFailing, WorkflowFailure, WorkflowStatus};

use super::ending::write_end;
use super::method::{StatusMethod, StatusMethodError};
use super::{Addressee, WorkflowError, Workflows};
use crate::access::{Action, Refused, Resource};
use crate::chain;
use crate::gauge::{Counted, OPEN_WAITS};
use crate::model::{IntentKey, WorkflowRun};
use crate::parts::Parts;
use crate::ports::{EngineError, HistoryPage, HistoryRequest, Outline, Query, QueryError, Waited};
use crate::request::Request;

/// Default timeout of a query.
const QUERY: Duration = Duration::from_secs(10);

/// The content of a status (EMCO-API §1.6).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusRequest {
    /// Whether to wait for the end of the run, and return its result.
    pub wait: bool,
    /// Maximum time to wait; `None` for the bridge's default.
    pub timeout: Option<Duration>,
    /// Whether to return the engine's description.
    pub describe: bool,
    /// The part of the history to return, the whole if it has no page size; `None` for no history.
    pub history: Option<HistoryRequest>,
    /// The query whose result to return.
    pub query: Option<Query>,
    /// Whether failures have stack traces.
    pub stack_trace: bool,
    /// The kind of messages whose names to return, as the workflow client declares them.
    pub declared: Option<MessageKind>,
}

impl StatusRequest {
    /// Returns the actions that the request needs beside the status. Results, events and answers to queries are
    /// payloads. A description counts as status.
    fn other_actions(&self) -> &'static [Action] {
        match (self.wait || self.history.is_some(), self.query.is_some()) {
            (false, false) => &[],
            (true, false) => &[Action::History],
            (false, true) => &[Action::Query],
            (true, true) => &[Action::History, Action::Query],
        }
    }
}

/// The status, and whether it is complete.
#[derive(Debug, Clone)]
pub struct StatusReport {
    /// The status, with the first page of a whole history.
    pub status: WorkflowStatus,
    /// The state of the run and what is pending, if the engine could be asked.
    pub outline: Option<Outline>,
    /// The other pages of a whole history, if it has more.
    pub more: Option<MorePages>,
    /// Whether the run was still open when the wait ended.
    pub unfinished: bool,
    /// The names of the messages that can be sent, if they were asked for and the workflow client declares them.
    pub declared: Vec<String>,
    /// The errors of the parts that are missing.
    pub errors: Vec<StatusMethodError>,
}

/// The pages of a history that have not been read yet. Each is read when it is wanted, so that a long history
/// never is in memory.
#[derive(Debug, Clone)]
pub struct MorePages {
    parts: Parts,
    request: Request,
    intent: IntentKey,
    run: WorkflowRun,
    next: HistoryRequest,
}

impl MorePages {
    /// Returns the events, page by page. An error ends them, also if the caller may no longer read them.
    pub fn pages(self) -> impl Stream<Item = Result<Vec<RawJson>, WorkflowError>> + Send {
        try_unfold(Some(self), async |pages| {
            let Some(mut pages) = pages else { return Ok(None) };
            pages.check().await?;
            let page = pages.parts.engine.history(&pages.run, &pages.next).await?;
            pages.next.page_token = page.next;
            let next = pages.next.page_token.is_some().then_some(pages);
            Ok(Some((page.events, next)))
        })
    }

    async fn check(&mut self) -> Result<(), Refused> {
        let (access, resource) = (&self.parts.access, Resource::Intent(&self.intent));
        self.request.now = self.parts.clock.now();
        match access.would_allow(&self.request, Action::History, resource) {
            Ok(_) => Ok(()),
            Err(reason) => Err(access.denied(&self.request, Action::History, resource, reason).await),
        }
    }
}

impl Workflows {
    /// Returns the status of a workflow that belongs to an intent. A caller that may no longer have it while it waits
    /// does not get it.
    ///
    /// # Errors
    /// Returns an error if the intent does not exist, or if no requested part of the status could be read.
    pub async fn status(
        &self,
        request: &Request,
        to: &Addressee,
        wanted: &StatusRequest,
    ) -> Result<StatusReport, WorkflowError> {
        self.parts
            .access
            .authorize_with(request, Action::Status, wanted.other_actions(), Resource::Intent(&to.intent))
            .await?;
        let (parts, resource) = (&self.parts, Resource::Intent(&to.intent));
        let run = self.run_of(request, Action::Status, to).await?;
        let report = self.gather(request, to, run, wanted);
        let actions = [&[Action::Status], wanted.other_actions()].concat();
        match parts.access.while_allowed(request, &actions, resource, &*parts.clock, report).await {
            Ok(report) => report,
            Err((action, reason)) => Err(parts.access.denied(request, action, resource, reason).await.into()),
        }
    }

    async fn gather(
        &self,
        request: &Request,
        to: &Addressee,
        run: WorkflowRun,
        wanted: &StatusRequest,
    ) -> Result<StatusReport, WorkflowError> {
        let (mut seen, answer, waited, declared) = tokio::join!(
            self.see(&run, wanted.describe, wanted.history.as_ref()),
            self.ask(&run, wanted.query.as_ref()),
            self.wait(&run, wanted),
            self.declared(&to.intent, wanted.declared),
        );
        // Data from the beginning of the wait is out of date now.
        let now = match &waited {
            Some(Ok(Waited::Closed(closed))) => Some((&closed.run_id, closed.state)),
            Some(Ok(Waited::StillOpen { run_id, state })) => Some((run_id, *state)),
            Some(Err(_)) | None => None,
        };
        if let Some((run_id, state)) = now
            && !seen.outline.as_ref().is_ok_and(|(seen, _)| seen.run_id == *run_id && seen.state == state)
        {
            match &mut seen.outline {
                Ok((outline, _)) if !wanted.describe && wanted.history.is_none() => {
                    (outline.run_id, outline.state) = (run_id.clone(), state);
                }
                _ => {
                    let last = WorkflowRun { run_id: run_id.clone(), ..run.clone() };
                    // A later page is about the run of the first page.
                    let history = wanted.history.as_ref().filter(|history| history.page_token.is_none());
                    let now = self.see(&last, wanted.describe, history).await;
                    seen = Seen { outline: now.outline, history: now.history.or(seen.history) };
                }
            }
        }
        let mut more = None;
        if let (Some(Ok(page)), Some(history)) = (&mut seen.history, &wanted.history)
            && history.page_size.is_none()
            && let Some(token) = page.next.take()
        {
            let next = HistoryRequest { page_token: Some(token), ..history.clone() };
            let (parts, request) = (self.parts.clone(), request.clone());
            more = Some(MorePages { parts, request, intent: to.intent.clone(), run: run.clone(), next });
        }
        let report = Gathered { seen, answer, waited }.report(run, wanted)?;
        Ok(StatusReport { more, declared, ..report })
    }

    async fn see(&self, run: &WorkflowRun, describe: bool, history: Option<&HistoryRequest>) -> Seen {
        let engine = &self.parts.engine;
        let outline = async {
            if describe {
                let described = engine.describe(run).await?;
                Ok((described.outline, described.json))
            } else {
                Ok((engine.outline(run).await?, RawJson::default()))
            }
        };
        let events = async {
            match history {
                Some(request) => Some(engine.history(run, request).await),
                None => None,
            }
        };
        let (outline, history) = tokio::join!(outline, events);
        Seen { outline, history }
    }

    async fn ask(&self, run: &WorkflowRun, query: Option<&Query>) -> Option<Result<RawJson, QueryError>> {
        let mut query = query?.clone();
        query.bound = Some(query.bound.unwrap_or(QUERY).min(self.parts.limits.max_wait));
        Some(self.parts.engine.query(run, &query).await)
    }

    async fn wait(&self, run: &WorkflowRun, wanted: &StatusRequest) -> Option<Result<Waited, EngineError>> {
        if !wanted.wait {
            return None;
        }
        let _counted = Counted::one(OPEN_WAITS);
        let limits = &self.parts.limits;
        let bound = wanted.timeout.unwrap_or(limits.wait).min(limits.max_wait);
        Some(chain::wait(&self.parts, run, bound).await)
    }
}

/// The engine's data at one moment: the outline, and the description if requested.
struct Seen {
    outline: Result<(Outline, RawJson), EngineError>,
    history: Option<Result<HistoryPage, EngineError>>,
}

/// The results of all parts; `None` for a part that was not requested.
struct Gathered {
    seen: Seen,
    answer: Option<Result<RawJson, QueryError>>,
    waited: Option<Result<Waited, EngineError>>,
}

impl Gathered {
    fn report(self, run: WorkflowRun, wanted: &StatusRequest) -> Result<StatusReport, WorkflowError> {
        let mut errors = Errors(Vec::new());
        // Always described, because every status has run ID and state. It counts as a successful part only if
        // the caller requested it.
        let described = wanted.describe
            || (self.seen.history.is_none() && self.answer.is_none() && self.waited.is_none());
        let outline = errors.keep(StatusMethod::Describe, Some(self.seen.outline));
        let history = errors.keep(StatusMethod::History, self.seen.history);
        let answer = errors.keep(StatusMethod::Query, self.answer);
        let waited = errors.keep(StatusMethod::Wait, self.waited);
        let any =
            (described && outline.is_some()) || history.is_some() || answer.is_some() || waited.is_some();
        if !any {
            return Err(WorkflowError::Nothing(errors.0));
        }
        let unfinished = matches!(waited, Some(Waited::StillOpen { .. }));
        let seen = outline.as_ref().map(|(outline, _)| outline.clone());
        let mut status =
            WorkflowStatus { workflow_id: run.workflow_id, run_id: run.run_id, ..Default::default() };
        if let Some((Outline { run_id, state, task_failing, next_start, pending_children, .. }, json)) =
            outline
        {
            status.next_start = next_start;
            status.workflow_task_failing = failing(task_failing, wanted.stack_trace);
            status.run_id = run_id;
            status.pending_children = if state.is_closed() { Vec::new() } else { pending_children };
            status.workflow_state = Some(state);
            status.workflow_execution_description = json;
        }
        if let Some(history) = history {
            status.workflow_history = Some(history.events);
            status.history_next_page_token = history.next.map(|next| next.to_string());
        }
        // As in EMCO, the field is absent if the query has no result.
        status.workflow_query_result = answer.filter(|answer| !answer.is_null());
        if let Some(Waited::Closed(closed)) = waited {
            write_end(&mut status, closed, wanted.stack_trace);
        }
        Ok(StatusReport {
            status,
            outline: seen,
            more: None,
            unfinished,
            declared: Vec::new(),
            errors: errors.0,
        })
    }
}

fn failing(task: Option<TaskFailing>, stack_trace: bool) -> Option<TaskFailing> {
    let cause = |cause: WorkflowFailure| if stack_trace { cause } else { cause.without_stack_traces() };
    task.map(|task| TaskFailing { cause: task.cause.map(cause), ..task })
}

struct Errors(Vec<StatusMethodError>);

impl Errors {
    fn keep<T>(
        &mut self,
        method: StatusMethod,
        answer: Option<Result<T, impl Into<QueryError>>>,
    ) -> Option<T> {
        match answer? {
            Ok(value) => Some(value),
            Err(error) => {
                self.0.push(StatusMethodError { method, error: error.into() });
                None
            }
        }
    }
}
