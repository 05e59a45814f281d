//! Records the outcome of a start.

use std::error::Error;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::error::{StartError, StartedRun};
use super::measure;
use crate::access::Trail;
use crate::alarms::Alarms;
use crate::model::{AlarmObject, Outcome, ProbableCause, Raised, StartRecord};
use crate::parts::{Limits, Parts};
use crate::ports::StoreError;

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
            alarm(parts, start).await;
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

/// Raises the alarm of a start whose outcome is unknown. If that fails, the outcome is in the start record.
async fn alarm(parts: &Parts, start: &StartRecord) {
    if matches!(start.outcome, Outcome::Unknown { .. }) {
        // The reason may repeat a text of the workflow client, and notifications leave the bridge.
        let text = format!("It is not known what the start {} did; its record has the reason", start.id);
        let object = AlarmObject::workflow(&start.intent, &start.workflow_id);
        let raised = Raised {
            problem: start.id.to_string(),
            ..Raised::new(object, ProbableCause::StartOutcomeUnknown, text)
        };
        report(Alarms::new(parts.clone()).raise(&raised).await.map(drop));
    }
}

/// Settles a start that was taken over, as [`close`] does. If its outcome is known now, clears its alarm.
pub(super) async fn close_again(
    parts: &Parts,
    start: &mut StartRecord,
    result: Result<StartedRun, StartError>,
    trail: &mut Trail,
) -> Result<StartedRun, StartError> {
    let object = AlarmObject::workflow(&start.intent, &start.workflow_id);
    let result = close(parts, start, result, trail).await;
    if !matches!(start.outcome, Outcome::Unknown { .. }) {
        let (cause, problem) = (ProbableCause::StartOutcomeUnknown, start.id.to_string());
        let at_once = Some(SignedDuration::ZERO);
        report(Alarms::new(parts.clone()).clear(&object, cause, &problem, at_once).await);
    }
    result
}

fn report(result: Result<(), StoreError>) {
    if let Err(error) = result {
        tracing::warn!(error = workflow_api::chain(&error), "the alarm of a start cannot be written");
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
