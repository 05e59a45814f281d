//! The starts of an intent, and how their runs stand now.

use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};
use workflow_api::{RunId, WorkflowState};

use super::{App, IntentError};
use crate::intent::IntentKey;
use crate::run::{Outcome, Run};
use crate::storage::StoreError;
use crate::temporal::{EngineError, WorkflowRun};

/// How many starts are looked through at once for one that will do.
const BATCH: u32 = 20;
/// Temporal is asked after so many runs at once.
const WIDTH: usize = 16;
/// How long all of them may take together.
const BOUND: Duration = Duration::from_secs(4);

/// The record of a start, and how its run stands.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveRun {
    /// The record.
    pub run: Run,
    /// How its run stands.
    pub state: LiveState,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveState {
    /// There is no run, or its ID is not known.
    NoRun,
    /// As Temporal says.
    Told(WorkflowState),
    /// Temporal does not know it any more: a namespace keeps closed runs for some days.
    Gone,
    /// Temporal cannot tell now.
    Unknown,
}

/// Why there is no run to show.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
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

impl From<StoreError> for RunError {
    fn from(error: StoreError) -> Self {
        IntentError::from(error).into()
    }
}

impl App {
    /// The starts of an intent, newest first: at most `limit`, and none as new as the number `before`. An intent that was
    /// deleted still has those that there were.
    ///
    /// # Errors
    /// When there are none because there is no such intent, or the database fails.
    pub async fn list_runs(
        &self,
        key: &IntentKey,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<LiveRun>, RunError> {
        let runs = if key.is_sound() { self.store.runs(key, before, limit).await? } else { Vec::new() };
        if runs.is_empty() && before.is_none() {
            self.existing(key).await?;
        }
        let deadline = Instant::now() + BOUND;
        Ok(stream::iter(runs).map(|run| self.live(run, deadline)).buffered(WIDTH).collect().await)
    }

    /// The start of an intent that has this run ID or start ID.
    ///
    /// # Errors
    /// When there is none, or the database fails.
    pub async fn get_run(&self, key: &IntentKey, name: &str) -> Result<LiveRun, RunError> {
        // A database need not be asked for what it cannot hold.
        let found =
            if key.is_sound() && !name.contains('\0') { self.store.run(key, name).await? } else { None };
        match found {
            Some(run) => Ok(self.live(run, Instant::now() + BOUND).await),
            None => Err(RunError::NoSuchRun { intent: key.clone(), name: name.to_owned() }),
        }
    }

    /// What `pick` takes from the latest start of an intent from which it takes something.
    pub(super) async fn latest_start<T>(
        &self,
        key: &IntentKey,
        pick: impl Fn(Run) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        let mut before = None;
        loop {
            let runs = self.store.runs(key, before, BATCH).await?;
            let Some(oldest) = runs.last() else { return Ok(None) };
            before = Some(oldest.number);
            let picked = runs.into_iter().find_map(&pick);
            if picked.is_some() {
                return Ok(picked);
            }
        }
    }

    async fn live(&self, run: Run, deadline: Instant) -> LiveRun {
        let state = match &run.outcome {
            Outcome::Started { run_id: Some(run_id), .. } => {
                let run_id = run_id.clone();
                timeout_at(deadline, self.state_of(&run, run_id)).await.unwrap_or(LiveState::Unknown)
            }
            Outcome::Starting
            | Outcome::Started { run_id: None, .. }
            | Outcome::NotStarted { .. }
            | Outcome::Unknown { .. } => LiveState::NoRun,
        };
        LiveRun { run, state }
    }

    async fn state_of(&self, run: &Run, run_id: RunId) -> LiveState {
        let run = WorkflowRun {
            target: self.targets.default.clone(),
            workflow_id: run.workflow_id.clone(),
            run_id,
        };
        match self.engine.describe(&run).await {
            Ok(description) => LiveState::Told(description.state),
            Err(EngineError::NoSuchWorkflow { .. }) => LiveState::Gone,
            Err(error) => {
                tracing::debug!(workflow_id = %run.workflow_id, error = service::chain(&error), "a run's state is not known");
                LiveState::Unknown
            }
        }
    }
}
