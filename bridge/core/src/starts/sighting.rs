//! Looks up a start in the engine: whether the workflow has a run that the start made.

use jiff::{SignedDuration, Timestamp};
use workflow_api::RunId;

use crate::model::{StartRecord, WorkflowRun};
use crate::parts::Parts;
use crate::ports::{EngineError, Outline};

/// How far the engine's clock may be behind ours.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(2);

/// The latest run of a start's workflow, compared with the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sighting {
    /// This start made it: the run has the start's key.
    Ours(RunId),
    /// The run began after the start was requested.
    Since {
        /// The run.
        run_id: RunId,
        /// When it began.
        began: Timestamp,
        /// Whether it has ended.
        closed: bool,
        /// Whether the engine reports its keys. If so, the start's key is not among them.
        reports_keys: bool,
    },
    /// The run began before the start was requested.
    Earlier {
        /// The run.
        run_id: RunId,
        /// Whether it has ended.
        closed: bool,
    },
    /// There is no run.
    Nothing,
}

/// Looks up the run of a start on the configured server.
pub(super) async fn look_for(parts: &Parts, start: &StartRecord) -> Result<Sighting, EngineError> {
    let latest = WorkflowRun {
        target: parts.targets.home(),
        workflow_id: start.workflow_id.clone(),
        run_id: RunId::default(),
    };
    let found = match parts.engine.outline(&latest).await {
        Ok(found) => found,
        Err(EngineError::NoSuchWorkflow { .. }) => return Ok(Sighting::Nothing),
        Err(error) => return Err(error),
    };
    // A start makes the first run of a chain.
    if found.first_run_id.is_empty() || found.first_run_id == found.run_id {
        return Ok(sighting(start, &found, &found));
    }
    let run_id = found.first_run_id.clone();
    let first = match parts.engine.outline(&WorkflowRun { run_id, ..latest }).await {
        Ok(first) => Some(first),
        Err(EngineError::NoSuchWorkflow { .. }) => None,
        Err(error) => return Err(error),
    };
    Ok(sighting(start, first.as_ref().unwrap_or(&found), &found))
}

fn sighting(start: &StartRecord, first: &Outline, latest: &Outline) -> Sighting {
    let keys = &first.request_ids;
    if keys.contains(&start.key.text) {
        return Sighting::Ours(first.run_id.clone());
    }
    let closed = latest.state.is_closed();
    match first.started {
        Some(began) if began >= start.requested_at - CLOCK_SKEW => {
            Sighting::Since { run_id: first.run_id.clone(), began, closed, reports_keys: !keys.is_empty() }
        }
        Some(_) | None => Sighting::Earlier { run_id: latest.run_id.clone(), closed },
    }
}
