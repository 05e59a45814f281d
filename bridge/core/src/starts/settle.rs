//! Records the outcome of a start.

use std::error::Error;
use std::time::Duration;

use jiff::Timestamp;

use super::error::{StartError, StartedRun};
use super::measure;
use crate::access::Trail;
use crate::model::{Outcome, StartRecord};
use crate::parts::{Limits, Parts};

/// Timeout for settling a start, beyond the timeout of the start.
const TO_SETTLE: Duration = Duration::from_secs(10);

/// Settles a start with the last event of its trail, and returns its result.
pub(super) async fn close(
    parts: &Parts,
    start: &mut StartRecord,
    result: Result<StartedRun, StartError>,
    trail: &mut Trail,
) -> Result<StartedRun, StartError> {
    if let Ok(started) = &result {
        start.workflow_id = started.workflow_id.clone();
        start.requested_id = started.requested_id.clone();
    }
    start.outcome = outcome(&result, parts.clock.now());
    settle(parts, start, trail).await;
    result
}

/// If this fails, the response to the caller is still correct, and the process that takes the start over
/// settles it.
async fn settle(parts: &Parts, start: &StartRecord, trail: &mut Trail) {
    measure::settled(&start.intent, &start.outcome);
    match parts.store.settle(start, Some(&trail.settled(start))).await {
        Ok(true) => {
            tracing::info!(start = %start.id, intent = %start.intent, workflow_id = %start.workflow_id,
            outcome = start.outcome.word(), "start settled")
        }
        Ok(false) => {
            tracing::warn!(start = %start.id, "a start was taken over before it was settled; its record is not changed")
        }
        Err(error) => tracing::error!(start = %start.id, outcome = start.outcome.word(),
            error = workflow_api::chain(&error), "the outcome of a start could not be recorded"),
    }
}

/// Returns the lease of a start.
pub(super) fn lease(limits: &Limits) -> Duration {
    limits.start + TO_SETTLE
}

/// Returns the lease of a start that was begun before: it is looked up, and then perhaps made again.
pub(super) fn lease_to_resume(limits: &Limits) -> Duration {
    limits.start * 2 + TO_SETTLE
}

fn outcome(result: &Result<StartedRun, StartError>, at: Timestamp) -> Outcome {
    // The text of a peer may have a character that no database accepts.
    let reason = |error: &(dyn Error + 'static)| workflow_api::chain(error).replace('\0', "\u{fffd}");
    match result {
        Ok(started) => {
            Outcome::Started { run_id: started.run_id.clone(), already_running: started.already_running, at }
        }
        Err(StartError::OutcomeUnknown { source, .. }) => Outcome::Unknown { reason: reason(source), at },
        Err(error) => Outcome::NotStarted { reason: reason(error.source().unwrap_or(error)), at },
    }
}
