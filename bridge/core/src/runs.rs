//! Use cases about start records, and the current state of their runs.

mod search;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::{StreamExt, stream};
use jiff::Timestamp;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};
use workflow_api::{RunId, WorkflowId, WorkflowState, cut};

use crate::access::{Action, Refused, Resource};
use crate::chain;
use crate::lookup::{IntentError, Lookup};
use crate::model::{IntentKey, StartRecord, WorkflowRun};
use crate::parts::Parts;
use crate::ports::{EngineError, Outline, StoreError};
use crate::request::Request;
pub use search::{RunPage, RunSearch};

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveState {
    /// There is no run, or its ID is not known.
    NoRun,
    /// The engine has the run, or the one that continues its work.
    Known {
        /// The last run of the chain that the start began: the open one, if there is one.
        run_id: RunId,
        /// Its state.
        state: WorkflowState,
        /// When it closed.
        closed: Option<Timestamp>,
        /// What it tries again and again, if there is something.
        retrying: Option<Retrying>,
    },
    /// The engine has deleted the run: a namespace keeps closed runs for some days.
    Gone,
    /// The engine could not be asked.
    Unknown,
}

/// What an open run tries again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retrying {
    /// The type of the activity; `None` if the worker cannot run the workflow's code.
    pub activity: Option<String>,
    /// The number of the current attempt, from 2.
    pub attempt: i32,
}

impl Retrying {
    /// Returns what an open run tries again and again. Of several activities, it is that with the most attempts.
    fn of(outline: &Outline) -> Option<Self> {
        if outline.state.is_closed() {
            return None;
        }
        if let Some(task) = &outline.task_failing {
            return Some(Self { activity: None, attempt: task.attempt });
        }
        let most = outline.pending_activities.iter().max_by_key(|activity| activity.attempt)?;
        let (activity, attempt) = (Some(most.activity_type.clone()), most.attempt);
        (attempt > 1).then_some(Self { activity, attempt })
    }
}

/// Why there is no run to return.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The intent does not exist, or cannot be looked up.
    #[error(transparent)]
    Intent(#[from] IntentError),
    /// The intent has no run of this name.
    #[error("workflow intent `{intent}` has no run `{}`: write a run ID, or the ID of a start", cut(.name))]
    NoSuchRun {
        /// The intent.
        intent: IntentKey,
        /// The name in the request.
        name: String,
    },
}

impl From<Refused> for RunError {
    fn from(refused: Refused) -> Self {
        IntentError::from(refused).into()
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
        Ok(self.live(starts).await)
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
            Some(start) => Ok(self.live(vec![start]).await.remove(0)),
            None => Err(RunError::NoSuchRun { intent: key.clone(), name: name.to_owned() }),
        }
    }

    /// Adds the state of their runs to starts. Each workflow is looked up once, however many starts it has.
    async fn live(&self, starts: Vec<StartRecord>) -> Vec<LiveRun> {
        let deadline = Instant::now() + BOUND;
        let workflows: BTreeSet<_> = starts.iter().filter_map(run_of).map(|(workflow, _)| workflow).collect();
        let latest: BTreeMap<_, _> = stream::iter(workflows)
            .map(async |workflow_id| {
                let run = self.run(&workflow_id, &RunId::default());
                let looked = timeout_at(deadline, chain::outline(&self.parts, &run)).await;
                (workflow_id, looked)
            })
            .buffered(WIDTH)
            .collect()
            .await;
        let live = async |start: StartRecord| {
            let state = match run_of(&start) {
                Some((workflow_id, run_id)) => {
                    let found = self.last_of(&latest[&workflow_id], self.run(&workflow_id, &run_id));
                    timeout_at(deadline, found).await.unwrap_or(LiveState::Unknown)
                }
                None => LiveState::NoRun,
            };
            LiveRun { start, state }
        };
        stream::iter(starts).map(live).buffered(WIDTH).collect().await
    }

    async fn last_of(&self, latest: &Looked, run: WorkflowRun) -> LiveState {
        let last = match latest {
            Ok(Ok(Some(last))) => chain::last_run_beside(&self.parts, &run, last.clone()).await,
            Ok(Ok(None)) => Ok(None),
            Ok(Err(error)) => Err(error.clone()),
            Err(_) => return LiveState::Unknown,
        };
        match last {
            Ok(Some(last)) => LiveState::Known {
                retrying: Retrying::of(&last),
                run_id: last.run_id,
                state: last.state,
                closed: last.closed,
            },
            Ok(None) => LiveState::Gone,
            Err(error) => {
                tracing::debug!(workflow_id = %run.workflow_id, error = workflow_api::chain(&error), "the state of a run could not be read");
                LiveState::Unknown
            }
        }
    }

    fn run(&self, workflow_id: &WorkflowId, run_id: &RunId) -> WorkflowRun {
        let target = self.parts.targets.home();
        WorkflowRun { target, workflow_id: workflow_id.clone(), run_id: run_id.clone() }
    }
}

/// The result of looking up a workflow, if it came in time.
type Looked = Result<Result<Option<Outline>, EngineError>, Elapsed>;

/// Returns the run that a start led to, if its ID is known.
fn run_of(start: &StartRecord) -> Option<(WorkflowId, RunId)> {
    Some((start.workflow_id.clone(), start.outcome.run_id()?.clone()))
}
