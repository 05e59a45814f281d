//! Following a workflow: its state and its history as they happen, until its last run closes.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{BoxStream, unfold};
use futures::{Stream, StreamExt};
use workflow_api::{RunId, WorkflowId, WorkflowState, WorkflowStatus};

use super::status::{Counted, tell_end};
use super::{App, StatusError};
use crate::intent::IntentKey;
use crate::temporal::{EngineError, RunEvent, Waited, WorkflowRun};

/// The gauge of callers who follow a workflow.
pub(crate) const OPEN_STREAMS: &str = "bridge_open_streams";
/// How long the result may take once the run has closed.
const RESULT: Duration = Duration::from_secs(10);

/// What to follow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FollowRequest {
    /// Temporal's address; empty for the configured one.
    pub temporal_server: String,
    /// The namespace; empty for the configured one.
    pub namespace: String,
    /// The workflow; empty for the intent's.
    pub workflow_id: WorkflowId,
    /// The run to begin with; empty for the latest.
    pub run_id: RunId,
    /// Where to go on; `None` for the beginning of the run.
    pub after: Option<Position>,
    /// Whether to tell of the history only the events that close runs.
    pub close_events: bool,
    /// Whether to tell the stack traces of failures.
    pub stack_trace: bool,
}

/// A place in the history of a workflow. As text: `run/event`, with `/closed` behind it where nothing more is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The run.
    pub run_id: RunId,
    /// The last event that was told.
    pub event_id: i64,
    /// Whether the end was told too.
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
        const WRONG: &str = "write the ID of an event of this stream, or leave it out to begin anew";
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

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Followed {
    /// A run stands so now.
    State(WorkflowStatus),
    /// Something happened in a run.
    Event(Arc<RunEvent>),
    /// The last run has closed: nothing more is to come.
    Closed {
        /// How it ended.
        status: WorkflowStatus,
        /// The end.
        at: Position,
    },
    /// This process ends, but the workflow goes on: ask again, from the last event on.
    ComeBack,
}

impl App {
    /// Follows a workflow that belongs to an intent. An error ends the stream.
    ///
    /// # Errors
    /// When intent, workflow or run do not exist, or Temporal cannot be asked.
    pub async fn follow(
        self: &Arc<Self>,
        key: &IntentKey,
        request: FollowRequest,
    ) -> Result<impl Stream<Item = Result<Followed, EngineError>> + Send + use<>, StatusError> {
        let workflow_id = self.workflow_of(key, request.workflow_id.clone()).await?;
        let run_id = request.after.as_ref().map_or(&request.run_id, |after| &after.run_id).clone();
        let target = self.targets.resolve(&request.temporal_server, &request.namespace)?;
        let mut run = WorkflowRun { target, workflow_id, run_id };
        let seen = self.engine.describe(&run).await?;
        run.run_id = seen.run_id;
        let after = request.after.as_ref().map_or(0, |after| after.event_id);
        let mut following = Following {
            events: self.engine.events(&run, after),
            app: Arc::clone(self),
            at: Position { run_id: run.run_id.clone(), event_id: after, closed: false },
            run,
            request,
            told: None,
            ready: VecDeque::new(),
            over: false,
            _counted: Counted::one(OPEN_STREAMS),
        };
        following.tell_state(seen.state);
        Ok(unfold(following, |mut following| async move { Some((following.next().await?, following)) }))
    }
}

/// One stream.
struct Following {
    app: Arc<App>,
    request: FollowRequest,
    events: BoxStream<'static, Result<Arc<RunEvent>, EngineError>>,
    run: WorkflowRun,
    at: Position,
    /// The state told last.
    told: Option<WorkflowState>,
    ready: VecDeque<Followed>,
    over: bool,
    _counted: Counted,
}

impl Following {
    async fn next(&mut self) -> Option<Result<Followed, EngineError>> {
        loop {
            if let Some(followed) = self.ready.pop_front() {
                return Some(Ok(followed));
            }
            if self.over {
                return None;
            }
            let event = tokio::select! {
                biased;
                () = self.app.shutdown.draining() => None,
                event = self.events.next() => Some(event),
            };
            let taken = match event {
                None => {
                    self.over = true;
                    self.ready.push_back(Followed::ComeBack);
                    Ok(())
                }
                Some(Some(Ok(event))) => self.take(event).await,
                Some(Some(Err(error))) => Err(error),
                // All was told before: the end is left to tell.
                Some(None) => self.tell_end().await,
            };
            if let Err(error) = taken {
                self.over = true;
                return Some(Err(error));
            }
        }
    }

    async fn take(&mut self, event: Arc<RunEvent>) -> Result<(), EngineError> {
        if event.run_id != self.run.run_id {
            self.run.run_id = event.run_id.clone();
            self.told = None;
            self.tell_state(WorkflowState::Running);
        }
        self.at = Position { run_id: event.run_id.clone(), event_id: event.event_id, closed: false };
        let close = event.close.clone();
        if close.is_some() || !self.request.close_events {
            self.ready.push_back(Followed::Event(event));
        }
        match close {
            None => Ok(()),
            Some(close) if close.next.is_some() => {
                self.tell_state(close.state);
                Ok(())
            }
            Some(_) => self.tell_end().await,
        }
    }

    fn tell_state(&mut self, state: WorkflowState) {
        if self.told != Some(state) {
            self.told = Some(state);
            let status = WorkflowStatus { workflow_state: Some(state), ..self.status() };
            self.ready.push_back(Followed::State(status));
        }
    }

    async fn tell_end(&mut self) -> Result<(), EngineError> {
        self.over = true;
        match self.app.engine.wait(&self.run, Some(RESULT)).await? {
            Waited::Closed(closed) => {
                let mut status = self.status();
                tell_end(&mut status, closed, self.request.stack_trace);
                let at = Position { run_id: status.run_id.clone(), closed: true, ..self.at.clone() };
                self.ready.push_back(Followed::Closed { status, at });
            }
            // Reset or retried meanwhile.
            Waited::StillRunning => self.ready.push_back(Followed::ComeBack),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_survive_as_text() {
        for text in ["run/7", "run/7/closed"] {
            assert_eq!(text.parse::<Position>().unwrap().to_string(), text);
        }
        for text in ["", "7", "/7", "run/", "run/-1", "run/x", "run/7/open", "run/99999999999"] {
            assert!(text.parse::<Position>().is_err(), "{text}");
        }
    }
}
