//! What Temporal knows that bears on a start: whether the workflow has a run that is this start's.

use jiff::{SignedDuration, Timestamp};
use workflow_api::RunId;

use crate::app::App;
use crate::run::Run;
use crate::temporal::{Description, EngineError, WorkflowRun};

/// How far Temporal's clock may be behind ours.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(2);

/// The latest run of a start's workflow, seen from the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) enum Sighting {
    /// Temporal says that this start made it: it bears the start's key.
    Ours(RunId),
    /// It was begun since the start was asked for.
    Since {
        /// The run.
        run_id: RunId,
        /// When it was begun.
        began: Timestamp,
        /// Whether it has ended.
        closed: bool,
        /// Whether Temporal says what keys it bears: then it does not bear the start's.
        told_keys: bool,
    },
    /// It was begun before the start was asked for.
    Earlier {
        /// The run.
        run_id: RunId,
        /// Whether it has ended.
        closed: bool,
    },
    /// There is none.
    Nothing,
}

impl App {
    /// Looks for the run of a start on the configured server.
    pub(in crate::app) async fn look_for(&self, run: &Run) -> Result<Sighting, EngineError> {
        let latest = WorkflowRun {
            target: self.targets.default.clone(),
            workflow_id: run.workflow_id.clone(),
            run_id: RunId::default(),
        };
        let found = match self.engine.describe(&latest).await {
            Ok(found) => found,
            Err(EngineError::NoSuchWorkflow { .. }) => return Ok(Sighting::Nothing),
            Err(error) => return Err(error),
        };
        // A start makes the first of the runs that go on in each other.
        if found.first_run_id.is_empty() || found.first_run_id == found.run_id {
            return Ok(sighting(run, &found, &found));
        }
        let run_id = found.first_run_id.clone();
        let first = match self.engine.describe(&WorkflowRun { run_id, ..latest }).await {
            Ok(first) => Some(first),
            Err(EngineError::NoSuchWorkflow { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(sighting(run, first.as_ref().unwrap_or(&found), &found))
    }
}

fn sighting(run: &Run, first: &Description, latest: &Description) -> Sighting {
    let keys = &first.request_ids;
    if keys.contains(&run.key.text) {
        return Sighting::Ours(first.run_id.clone());
    }
    let closed = latest.state.is_closed();
    match first.started {
        Some(began) if began >= run.requested_at - CLOCK_SKEW => {
            Sighting::Since { run_id: first.run_id.clone(), began, closed, told_keys: !keys.is_empty() }
        }
        Some(_) | None => Sighting::Earlier { run_id: latest.run_id.clone(), closed },
    }
}
