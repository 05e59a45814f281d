//! Use cases about start records, and the current state of their runs.

use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};
use workflow_api::{RunId, WorkflowState};

use crate::access::{Action, Denied, Resource};
use crate::lookup::{IntentError, Lookup};
use crate::model::{IntentKey, Outcome, StartRecord, WorkflowRun};
use crate::parts::Parts;
use crate::ports::{EngineError, StoreError};
use crate::request::Request;

/// How many runs are looked up in the engine at once.
const WIDTH: usize = 16;
/// Timeout for all of them together.
const BOUND: Duration = Duration::from_secs(4);

/// Use cases about start records.
#[derive(Debug, Clone)]
pub struct Runs {
    parts: Parts,
    lookup: Lookup,
}

/// The record of a start, and the state of its run.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveRun {
    /// The record.
    pub start: StartRecord,
    /// The state of its run.
    pub state: LiveState,
}

/// The state of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveState {
    /// There is no run, or its ID is not known.
    NoRun,
    /// The engine has the run.
    Known(WorkflowState),
    /// The engine has deleted the run: a namespace keeps closed runs for some days.
    Gone,
    /// The engine could not be asked.
    Unknown,
}

/// Why there is no run to return.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The intent does not exist, or cannot be looked up.
    #[error(transparent)]
    Intent(#[from] IntentError),
    /// The intent has no run of this name.
    #[error("workflow intent `{intent}` has no run `{name}`: write a run ID, or the ID of a start")]
    NoSuchRun {
        /// The intent.
        intent: IntentKey,
        /// The name in the request.
        name: String,
    },
}

impl From<Denied> for RunError {
    fn from(denied: Denied) -> Self {
        IntentError::from(denied).into()
    }
}

impl From<StoreError> for RunError {
    fn from(error: StoreError) -> Self {
        IntentError::from(error).into()
    }
}

impl Runs {
    pub(crate) fn new(parts: Parts) -> Self {
        let lookup = Lookup::new(parts.store.clone());
        Self { parts, lookup }
    }

    /// Returns at most `limit` starts of an intent, newest first, and only those with numbers below `before`,
    /// if given. The starts of a deleted intent are kept.
    ///
    /// # Errors
    /// Returns an error if the intent never existed, or the database fails.
    pub async fn list(
        &self,
        request: &Request,
        key: &IntentKey,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<LiveRun>, RunError> {
        self.parts.access.authorize(request, Action::ListRuns, Resource::Intent(key)).await?;
        let store = &self.parts.store;
        let starts = if key.is_sound() { store.starts(key, before, limit).await? } else { Vec::new() };
        if starts.is_empty() && before.is_none() {
            self.lookup.intent(key).await?;
        }
        let deadline = Instant::now() + BOUND;
        Ok(stream::iter(starts).map(|start| self.live(start, deadline)).buffered(WIDTH).collect().await)
    }

    /// Returns the start of an intent that has this run ID or start ID.
    ///
    /// # Errors
    /// Returns an error if there is no such start, or the database fails.
    pub async fn get(&self, request: &Request, key: &IntentKey, name: &str) -> Result<LiveRun, RunError> {
        self.parts.access.authorize(request, Action::GetRun, Resource::Intent(key)).await?;
        // Names that the database cannot hold are not looked up.
        let possible = key.is_sound() && !name.contains('\0');
        let found = if possible { self.parts.store.start(key, name).await? } else { None };
        match found {
            Some(start) => Ok(self.live(start, Instant::now() + BOUND).await),
            None => Err(RunError::NoSuchRun { intent: key.clone(), name: name.to_owned() }),
        }
    }

    async fn live(&self, start: StartRecord, deadline: Instant) -> LiveRun {
        let state = match &start.outcome {
            Outcome::Started { run_id: Some(run_id), .. } => {
                let run_id = run_id.clone();
                timeout_at(deadline, self.state_of(&start, run_id)).await.unwrap_or(LiveState::Unknown)
            }
            Outcome::Starting
            | Outcome::Started { run_id: None, .. }
            | Outcome::NotStarted { .. }
            | Outcome::Unknown { .. } => LiveState::NoRun,
        };
        LiveRun { start, state }
    }

    async fn state_of(&self, start: &StartRecord, run_id: RunId) -> LiveState {
        let target = self.parts.targets.home();
        let run = WorkflowRun { target, workflow_id: start.workflow_id.clone(), run_id };
        match self.parts.engine.outline(&run).await {
            Ok(outline) => LiveState::Known(outline.state),
            Err(EngineError::NoSuchWorkflow { .. }) => LiveState::Gone,
            Err(error) => {
                tracing::debug!(workflow_id = %run.workflow_id, error = workflow_api::chain(&error), "the state of a run could not be read");
                LiveState::Unknown
            }
        }
    }
}
