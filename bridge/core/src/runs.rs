//! Use cases about the records of starts, and the state of their runs now.

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

/// How many runs the engine is asked about at once.
const WIDTH: usize = 16;
/// How long all of them may take together.
const BOUND: Duration = Duration::from_secs(4);

/// Use cases about the records of starts.
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
    /// The engine knows it.
    Known(WorkflowState),
    /// The engine does not know it any more: a namespace keeps closed runs for some days.
    Gone,
    /// The engine cannot be asked now.
    Unknown,
}

/// Why there is no run to show.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The intent does not exist, or cannot be looked up.
    #[error(transparent)]
    Intent(#[from] IntentError),
    /// The intent has none of this name.
    #[error("workflow intent `{intent}` has no run `{name}`: write a run ID, or the ID of a start")]
    NoSuchRun {
        /// The intent.
        intent: IntentKey,
        /// What names no run.
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

    /// Returns at most `limit` starts of an intent, newest first; only those with numbers below `before`, where it is given. The
    /// starts of a deleted intent are still there.
    ///
    /// # Errors
    /// When there are none because there is no such intent, or the database fails.
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
    /// When there is none, or the database fails.
    pub async fn get(&self, request: &Request, key: &IntentKey, name: &str) -> Result<LiveRun, RunError> {
        self.parts.access.authorize(request, Action::GetRun, Resource::Intent(key)).await?;
        // The database is not asked for what it cannot hold.
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
                tracing::debug!(workflow_id = %run.workflow_id, error = workflow_api::chain(&error), "the state of a run is not known");
                LiveState::Unknown
            }
        }
    }
}
