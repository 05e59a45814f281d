//! Chains of runs. A run can continue as new, be retried, be due again by a cron schedule, or be reset; then
//! another run of the same chain continues its work.

use std::time::Duration;

use tokio::time::Instant;
use workflow_api::{RunId, WorkflowState};

use crate::model::WorkflowRun;
use crate::parts::Parts;
use crate::ports::{EngineError, Outline, Waited};

/// Timeout for the engine to find the end of a workflow that has closed.
const END: Duration = Duration::from_secs(5);

/// Returns the last run of the chain that `run` belongs to: the open one, if there is one. Returns `None` if
/// the engine has deleted the runs.
pub(crate) async fn last_run(parts: &Parts, run: &WorkflowRun) -> Result<Option<Outline>, EngineError> {
    let latest = WorkflowRun { run_id: RunId::default(), ..run.clone() };
    let Some(last) = outline(parts, &latest).await? else { return Ok(None) };
    last_run_beside(parts, run, last).await
}

/// Returns the last run of the chain that `run` belongs to. `last` is the latest run of the workflow, which
/// may belong to a later chain.
pub(crate) async fn last_run_beside(
    parts: &Parts,
    run: &WorkflowRun,
    last: Outline,
) -> Result<Option<Outline>, EngineError> {
    if run.run_id.is_empty() || [&last.run_id, &last.first_run_id].contains(&&run.run_id) {
        return Ok(Some(last));
    }
    let Some(begun) = outline(parts, run).await? else { return Ok(None) };
    if begun.first_run_id == last.first_run_id {
        return Ok(Some(last));
    }
    // One that failed may have been retried. For a run of a cron schedule that completed, its own state is returned.
    if !matches!(begun.state, WorkflowState::ContinuedAsNew | WorkflowState::Failed | WorkflowState::TimedOut)
    {
        return Ok(Some(begun));
    }
    // Its last run has closed, because there is a later chain.
    let run = WorkflowRun { run_id: begun.run_id.clone(), ..run.clone() };
    Ok(Some(match parts.engine.wait(&run, Some(END)).await? {
        Waited::Closed(closed) => Outline { state: closed.state, run_id: closed.run_id, ..begun },
        Waited::StillOpen { run_id, state } => Outline { state, run_id, ..begun },
    }))
}

/// Returns the outline of a run; `None` if the engine does not have it.
pub(crate) async fn outline(parts: &Parts, run: &WorkflowRun) -> Result<Option<Outline>, EngineError> {
    match parts.engine.outline(run).await {
        Ok(outline) => Ok(Some(outline)),
        Err(EngineError::NoSuchWorkflow { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Waits until the last run of a chain has closed, but no longer than `bound`. In contrast to the engine's
/// wait, it follows resets.
pub(crate) async fn wait(parts: &Parts, run: &WorkflowRun, bound: Duration) -> Result<Waited, EngineError> {
    let deadline = Instant::now() + bound;
    let mut at = run.clone();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let waited = tokio::select! {
            waited = parts.engine.wait(&at, Some(left)) => waited?,
            // A process that stops does not hold its callers: they connect to another one.
            () = parts.tasks.draining() => {
                let Outline { run_id, state, .. } = parts.engine.outline(&at).await?;
                Waited::StillOpen { run_id, state }
            }
        };
        let Waited::Closed(closed) = waited else { return Ok(waited) };
        let ended = WorkflowRun { run_id: closed.run_id.clone(), ..run.clone() };
        match last_run(parts, &ended).await {
            Ok(Some(last))
                if ![&closed.run_id, &at.run_id].contains(&&last.run_id) && !last.state.is_closed() =>
            {
                at.run_id = last.run_id;
            }
            _ => return Ok(Waited::Closed(closed)),
        }
    }
}
