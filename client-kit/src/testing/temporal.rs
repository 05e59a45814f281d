//! A fake Temporal in this process, which records starts and runs nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use temporal::{ConnectCause, ConnectError};
use temporalio_client::tonic::{Code, Status};
use workflow_api::{RunId, Started, WorkflowId};

use super::Starts;
use crate::{StartError, StartRequest, Starter};

/// Records starts, and responds as Temporal does: it finds a running workflow ID, applies the reuse policy to a closed
/// one, and returns the same run for a repeated request ID. Clones share what they record.
#[derive(Debug, Clone, Default)]
pub struct RecordedTemporal {
    state: Arc<Mutex<State>>,
}

/// How starts fail.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartFailure {
    /// There is no connection, so nothing was sent.
    Unavailable,
    /// The connection breaks after the request was sent. Nothing was started, but the client cannot know that.
    ConnectionLost,
    /// Temporal limits the rate.
    Busy,
    /// No response in time. Nothing was started, but the client cannot know that.
    TimedOut,
    /// The workflow is started, and the response is lost.
    AnswerLost,
    /// No response at all: the start budget must end the wait.
    Silent,
    /// The workflow ID belongs to a closed run, and the reuse policy allows no further run.
    IdUsed,
    /// The workflow ID is running.
    AlreadyRunning,
    /// Temporal refuses the request as invalid, with this text.
    InvalidArgument(String),
    /// Temporal refuses the credentials.
    Refused,
    /// Temporal fails internally.
    Internal,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// It completed.
    Completed,
    /// It failed, was cancelled, was terminated or ran out of time.
    Failed,
}

#[derive(Debug, Default)]
struct State {
    asked: Vec<StartRequest>,
    started: Vec<StartRequest>,
    latest: HashMap<WorkflowId, Run>,
    failure: Option<StartFailure>,
}

/// The latest run of a workflow ID.
#[derive(Debug, Clone)]
struct Run {
    id: RunId,
    request_id: String,
    closed: Option<Closed>,
}

impl RecordedTemporal {
    /// Creates a Temporal in which nothing is running.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the runs that were started, oldest first. A repeat that led to an earlier run is not among them.
    pub fn started(&self) -> Starts {
        Starts::new("started", self.state().started.clone())
    }

    /// Returns all requests, including repeats and failed starts.
    pub fn asked(&self) -> Starts {
        Starts::new("asked for", self.state().asked.clone())
    }

    /// Makes each start from now on fail in this way.
    pub fn fail(&self, failure: StartFailure) {
        self.state().failure = Some(failure);
    }

    /// Makes starts succeed again.
    pub fn recover(&self) {
        self.state().failure = None;
    }

    /// Closes the run of this workflow ID.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn close(&self, workflow_id: impl Into<WorkflowId>, how: Closed) {
        let id = workflow_id.into();
        match self.state().latest.get_mut(&id) {
            Some(run) => run.closed = Some(how),
            None => panic!("workflow `{id}` was not started, so it cannot be closed"),
        }
    }

    pub(super) fn runs(&self, workflow_id: &str) -> usize {
        let is_of = |request: &&StartRequest| request.start.options().id.as_str() == workflow_id;
        self.state().started.iter().filter(is_of).count()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Starter for RecordedTemporal {
    async fn start(&self, request: StartRequest) -> Result<Started, StartError> {
        let answer = self.state().start(request);
        match answer {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }
}

impl State {
    /// Returns none if there is never a response.
    fn start(&mut self, request: StartRequest) -> Option<Result<Started, StartError>> {
        self.asked.push(request.clone());
        let id = request.start.options().id.clone();
        let status = |code, text: &str| StartError::Temporal(Status::new(code, text).into());
        Some(match self.failure.clone() {
            None => self.accept(request),
            Some(StartFailure::AnswerLost) => self.accept(request).and(Err(StartError::TimedOut)),
            Some(StartFailure::AlreadyRunning) => {
                Ok(Started { workflow_id: id, run_id: "run-of-another".into(), already_running: true })
            }
            Some(StartFailure::IdUsed) => Err(StartError::IdUsed { run_id: Some("run-of-another".into()) }),
            Some(StartFailure::Unavailable) => {
                let cause = ConnectCause::Silent(Duration::from_secs(5));
                let error = ConnectError { address: "temporal.test:7233".to_owned(), cause };
                Err(StartError::Temporal(error.into()))
            }
            Some(StartFailure::TimedOut) => Err(StartError::TimedOut),
            Some(StartFailure::ConnectionLost) => Err(status(Code::Unavailable, "the connection broke")),
            Some(StartFailure::Busy) => Err(status(Code::ResourceExhausted, "too many requests")),
            Some(StartFailure::InvalidArgument(text)) => Err(status(Code::InvalidArgument, &text)),
            Some(StartFailure::Refused) => Err(status(Code::PermissionDenied, "not allowed")),
            Some(StartFailure::Internal) => Err(status(Code::Internal, "internal error")),
            Some(StartFailure::Silent) => return None,
        })
    }

    fn accept(&mut self, request: StartRequest) -> Result<Started, StartError> {
        use workflow_api::IdReusePolicy as Policy;
        let options = request.start.options();
        let workflow_id = options.id.clone();
        let found = |run: &Run, already_running| {
            Ok(Started { workflow_id: workflow_id.clone(), run_id: run.id.clone(), already_running })
        };
        if let Some(run) = self.latest.get(&workflow_id) {
            if run.request_id == request.request_id {
                return found(run, false);
            }
            let may_follow = match (run.closed, options.workflow_id_reuse_policy) {
                (None, _) => return found(run, true),
                (Some(_), Policy::RejectDuplicate) => false,
                (Some(closed), Policy::AllowDuplicateFailedOnly) => closed == Closed::Failed,
                (Some(_), _) => true,
            };
            if !may_follow {
                return Err(StartError::IdUsed { run_id: Some(run.id.clone()) });
            }
        }
        let id: RunId = format!("run-{}", self.started.len() + 1).into();
        let run = Run { id: id.clone(), request_id: request.request_id.clone(), closed: None };
        self.latest.insert(workflow_id.clone(), run);
        self.started.push(request);
        Ok(Started { workflow_id, run_id: id, already_running: false })
    }
}
