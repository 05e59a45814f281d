//! Follows a workflow: returns its state and its history as they change, until its last run closes.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{BoxStream, unfold};
use futures::{Stream, StreamExt};
use workflow_api::{RunId, WorkflowState, WorkflowStatus};

use super::ending::write_end;
use super::{Addressee, WorkflowError, Workflows};
use crate::access::{Action, Resource};
use crate::chain::last_run;
use crate::gauge::{Counted, OPEN_STREAMS};
use crate::model::{IntentKey, WorkflowRun};
use crate::parts::Parts;
use crate::ports::{EngineError, RunEvent, Waited};
use crate::request::Request;

/// Timeout for the result once the run has closed.
const RESULT: Duration = Duration::from_secs(10);

/// The content of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FollowRequest {
    /// The position after which it continues; `None` for the beginning of the run.
    pub after: Option<Position>,
    /// Whether it has only those events of the history that close runs.
    pub close_events: bool,
    /// Whether failures have stack traces.
    pub stack_trace: bool,
}

/// A position in the history of a workflow. As text: `run/event`, followed by `/closed` after the last item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The run.
    pub run_id: RunId,
    /// The last event that was sent.
    pub event_id: i64,
    /// Whether the last item was sent as well.
    pub closed: bool,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.run_id, self.event_id, if self.closed { "/closed" } else { "" })
    }
}

impl FromStr for Position {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str =
            "write the ID of an event of this stream, or leave it out to start at the beginning";
        let (place, closed) = match text.strip_suffix("/closed") {
            Some(place) => (place, true),
            None => (text, false),
        };
        let (run_id, event_id) = place.split_once('/').ok_or(WRONG)?;
        let event_id = event_id.parse::<u32>().map_err(|_| WRONG)?;
        if run_id.is_empty() {
            return Err(WRONG);
        }
        Ok(Self { run_id: run_id.into(), event_id: event_id.into(), closed })
    }
}

/// One item of a stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Followed {
    /// The current state of a run.
    State(WorkflowStatus),
    /// An event of a run.
    Event(Arc<RunEvent>),
    /// The last run has closed. This is the last item.
    Closed {
        /// The status with the result.
        status: WorkflowStatus,
        /// The position after this item.
        at: Position,
    },
    /// The stream ends, but the workflow continues: the client should reconnect, with its last event. This process
    /// stops, or the caller may no longer follow the workflow.
    ComeBack,
}

impl Workflows {
    /// Follows a workflow that belongs to an intent. An error ends the stream.
    ///
    /// # Errors
    /// Returns an error if the intent, the workflow or the run does not exist, or if the engine cannot be
    /// asked.
    pub async fn follow(
        &self,
        request: &Request,
        to: &Addressee,
        wanted: FollowRequest,
    ) -> Result<impl Stream<Item = Result<Followed, EngineError>> + Send + use<>, WorkflowError> {
        self.parts.access.authorize(request, Action::Follow, Resource::Intent(&to.intent)).await?;
        let mut run = self.run_of(request, Action::Follow, to).await?;
        if let Some(after) = &wanted.after {
            run.run_id = after.run_id.clone();
        }
        let seen = self.parts.engine.outline(&run).await?;
        run.run_id = seen.run_id;
        let after = wanted.after.as_ref().map_or(0, |after| after.event_id);
        let mut following = Following {
            request: request.clone(),
            intent: to.intent.clone(),
            events: self.parts.engine.events(&run, after),
            parts: self.parts.clone(),
            at: Position { run_id: run.run_id.clone(), event_id: after, closed: false },
            run,
            wanted,
            state: None,
            ready: VecDeque::new(),
            over: false,
            _counted: Counted::one(OPEN_STREAMS),
        };
        following.push_state(seen.state);
        Ok(unfold(following, |mut following| async move { Some((following.next().await?, following)) }))
    }
}

/// One stream.
struct Following {
    parts: Parts,
    request: Request,
    intent: IntentKey,
    wanted: FollowRequest,
    events: BoxStream<'static, Result<Arc<RunEvent>, EngineError>>,
    run: WorkflowRun,
    at: Position,
    /// The state that was sent last.
    state: Option<WorkflowState>,
    ready: VecDeque<Followed>,
    over: bool,
    _counted: Counted,
}

impl Following {
    async fn next(&mut self) -> Option<Result<Followed, EngineError>> {
        loop {
            if let Some(followed) = self.ready.pop_front() {
                return Some(Ok(if self.is_permitted() { followed } else { self.leave() }));
            }
            if self.over {
                return None;
            }
            let (access, clock) = (&self.parts.access, &*self.parts.clock);
            let event = self.events.next();
            let event = access.while_allowed(
                &self.request,
                &[Action::Follow],
                Resource::Intent(&self.intent),
                clock,
                event,
            );
            let event = tokio::select! {
                biased;
                () = self.parts.tasks.draining() => return Some(Ok(self.leave())),
                event = event => event,
            };
            let taken = match event {
                Err(_) => return Some(Ok(self.leave())),
                Ok(Some(Ok(event))) => self.take(event).await,
                Ok(Some(Err(error))) => Err(error),
                // All events were sent before; only the end is left.
                Ok(None) => self.push_end().await,
            };
            if let Err(error) = taken {
                self.over = true;
                return Some(Err(error));
            }
        }
    }

    /// Ends the stream. If the caller may no longer follow the workflow, a new request gets the reason.
    fn leave(&mut self) -> Followed {
        self.over = true;
        self.ready.clear();
        Followed::ComeBack
    }

    /// Returns whether the caller still has the right: a stream can be open for days.
    fn is_permitted(&mut self) -> bool {
        self.request.now = self.parts.clock.now();
        let resource = Resource::Intent(&self.intent);
        self.parts.access.would_allow(&self.request, Action::Follow, resource).is_ok()
    }

    async fn take(&mut self, event: Arc<RunEvent>) -> Result<(), EngineError> {
        if event.run_id != self.run.run_id {
            self.run.run_id = event.run_id.clone();
            self.state = None;
            self.push_state(WorkflowState::Running);
        }
        self.at = Position { run_id: event.run_id.clone(), event_id: event.event_id, closed: false };
        if event.pauses {
            let now = self.parts.engine.outline(&self.run).await?;
            self.push_state(now.state);
        }
        let close = event.close.clone();
        if close.is_some() || !self.wanted.close_events {
            self.ready.push_back(Followed::Event(event));
        }
        match close {
            None => Ok(()),
            Some(close) if close.next.is_some() => {
                self.push_state(close.state);
                Ok(())
            }
            Some(_) => self.push_end().await,
        }
    }

    fn push_state(&mut self, state: WorkflowState) {
        if self.state != Some(state) {
            self.state = Some(state);
            let status = WorkflowStatus { workflow_state: Some(state), ..self.status() };
            self.ready.push_back(Followed::State(status));
        }
    }

    async fn push_end(&mut self) -> Result<(), EngineError> {
        if let Some(last) = last_run(&self.parts, &self.run).await?
            && last.run_id != self.run.run_id
            && !last.state.is_closed()
        {
            // The run was reset.
            self.run.run_id = last.run_id;
            self.events = self.parts.engine.events(&self.run, 0);
            self.state = None;
            self.push_state(last.state);
            return Ok(());
        }
        self.over = true;
        match self.parts.engine.wait(&self.run, Some(RESULT)).await? {
            Waited::Closed(closed) => {
                let mut status = self.status();
                write_end(&mut status, closed, self.wanted.stack_trace);
                let at = Position { run_id: status.run_id.clone(), closed: true, ..self.at.clone() };
                self.ready.push_back(Followed::Closed { status, at });
            }
            // The run was retried in the meantime.
            Waited::StillOpen { .. } => self.ready.push_back(Followed::ComeBack),
        }
        Ok(())
    }

    fn status(&self) -> WorkflowStatus {
        WorkflowStatus {
            workflow_id: self.run.workflow_id.clone(),
            run_id: self.run.run_id.clone(),
            ..WorkflowStatus::default()
        }
    }
}
