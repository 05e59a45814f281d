//! The status of a workflow: description, history, query and wait in one call, side by side.

use std::time::Duration;

use serde_json::{Map, Value};
use workflow_api::{RunId, WorkflowId, WorkflowState, WorkflowStatus};

use super::{App, IntentError, TargetError, workflow_of};
use crate::intent::IntentKey;
use crate::temporal::{Closed, Description, EngineError, Query, QueryError, Waited, WorkflowRun};

/// What to tell of which workflow (EMCO-API §1.6).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusRequest {
    /// Temporal's address; empty for the configured one.
    pub temporal_server: String,
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
    /// Whether to tell the history.
    pub history: bool,
    /// What to ask the workflow; empty for nothing.
    pub query_type: String,
}

/// The status, and whether it is all that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusReport {
    /// The status.
    pub status: WorkflowStatus,
    /// Whether the run went on when the waiting ended.
    pub unfinished: bool,
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
    /// The query has no answer.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl App {
    /// The status of a workflow that belongs to an intent.
    ///
    /// # Errors
    /// When intent, workflow or run do not exist, the query has no answer, or Temporal cannot be asked.
    pub async fn status(
        &self,
        key: &IntentKey,
        request: &StatusRequest,
    ) -> Result<StatusReport, StatusError> {
        let intent = self.existing(key).await?;
        let run = WorkflowRun {
            target: self.targets.resolve(&request.temporal_server)?,
            workflow_id: workflow_of(&intent, &request.workflow_id),
            run_id: request.run_id.clone(),
        };
        let (mut seen, answer, waited) = tokio::try_join!(
            self.see(&run, request.history),
            self.ask(&run, &request.query_type),
            self.wait(&run, request),
        )?;
        let closed = match waited {
            Some(Waited::Closed(closed)) => Some(closed),
            Some(Waited::StillRunning) | None => None,
        };
        // What was seen before the end is out of date now.
        if let Some(closed) = &closed
            && (seen.description.run_id != closed.run_id || seen.description.state != closed.state)
        {
            let ended = WorkflowRun { run_id: closed.run_id.clone(), ..run.clone() };
            seen = self.see(&ended, request.history).await?;
        }
        Ok(StatusReport {
            unfinished: request.wait && closed.is_none(),
            status: status(run.workflow_id, request, seen, answer, closed),
        })
    }

    async fn see(&self, run: &WorkflowRun, history: bool) -> Result<Seen, StatusError> {
        let events = async { if history { self.engine.history(run).await.map(Some) } else { Ok(None) } };
        let (description, history) = tokio::try_join!(self.engine.describe(run), events)?;
        Ok(Seen { description, history })
    }

    async fn ask(&self, run: &WorkflowRun, query_type: &str) -> Result<Option<Value>, StatusError> {
        if query_type.is_empty() {
            return Ok(None);
        }
        let query = Query { query_type: query_type.to_owned(), args: Vec::new(), bound: None };
        Ok(Some(self.engine.query(run, &query).await?))
    }

    async fn wait(&self, run: &WorkflowRun, request: &StatusRequest) -> Result<Option<Waited>, StatusError> {
        if !request.wait {
            return Ok(None);
        }
        let bound = request.timeout.unwrap_or(self.limits.wait).min(self.limits.max_wait);
        tokio::select! {
            waited = self.engine.wait(run, Some(bound)) => Ok(Some(waited?)),
            // A process that ends does not hold its callers: they come back to another one.
            () = self.shutdown.draining() => Ok(Some(Waited::StillRunning)),
        }
    }
}

/// What Temporal said at one moment.
struct Seen {
    description: Description,
    history: Option<Vec<Value>>,
}

fn status(
    workflow_id: WorkflowId,
    request: &StatusRequest,
    seen: Seen,
    answer: Option<Value>,
    closed: Option<Closed>,
) -> WorkflowStatus {
    let description = seen.description;
    let mut status = WorkflowStatus {
        workflow_id,
        run_id: description.run_id,
        workflow_state: Some(description.state),
        workflow_execution_description: if request.describe { description.json } else { Map::new() },
        workflow_history: seen.history,
        // As in EMCO: a workflow that answers nothing leaves the field out.
        workflow_query_result: answer.filter(|answer| !answer.is_null()),
        ..WorkflowStatus::default()
    };
    if let Some(closed) = closed {
        status.workflow_result =
            (closed.state == WorkflowState::Completed).then(|| closed.result.unwrap_or_default());
        status.workflow_failure = closed.failure;
    }
    status
}
