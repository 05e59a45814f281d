//! Finds out the outcome of a start that was begun before.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;
use workflow_api::{Caller, RunId, WorkflowIntentSpec};

use super::admission::Retries;
use super::attempt::{Attempt, invocation};
use super::error::{StartError, StartFault, StartedRun, unknown};
use super::sighting::Sighting;
use crate::model::StartRecord;
use crate::parts::Parts;
use crate::request::{Cause, Correlation};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long a start may take to reach the engine after the bridge stopped waiting for the workflow client.
const GRACE: SignedDuration = SignedDuration::from_secs(10);

/// A namespace keeps closed runs for at least a day. A run that is older than this may have existed even if
/// it is not found.
const RETENTION: SignedDuration = SignedDuration::from_hours(24);

const NONE_SINCE: &str =
    "the bridge ended before the workflow client responded; Temporal has no run since then";
const TOO_LONG_AGO: &str = "the bridge ended before the workflow client responded, so long ago that \
                            Temporal may have deleted the run";
const LATER_RUN: &str =
    "the bridge ended before the workflow client responded; a later run has the workflow ID now";
/// The reason for a start that cannot be settled yet.
pub(super) const NOT_YET: &str =
    "the workflow client's response was lost, and neither the client nor Temporal shows yet what it did";

/// Finds out the outcome of a start that was begun before, and completes the start if that is safe. `spec` is
/// the spec for the client.
pub(super) async fn resume(
    parts: &Parts,
    start: &StartRecord,
    spec: &Arc<WorkflowIntentSpec>,
    correlation: &Correlation,
    retries: Retries,
) -> Result<StartedRun, StartError> {
    // The client was called before, so this error does not mean that nothing was started.
    let cause = Cause { correlation: correlation.clone(), caller: caller(start) };
    let call = invocation(parts, start, spec, &cause).await;
    let call = call.map_err(|error| unknown(start, error.into()))?;
    let attempt = Attempt::new(parts, start, call, retries);
    let patience = SignedDuration::try_from(parts.limits.start).unwrap_or(SignedDuration::MAX);
    let given_up =
        start.requested_at.saturating_add(patience.saturating_add(GRACE)).unwrap_or(Timestamp::MAX);
    let mut pauses = ExponentialBuilder::new()
        .with_min_delay(FIRST_PAUSE)
        .with_max_delay(LONGEST_PAUSE)
        .without_max_times()
        .build();
    loop {
        let takes_keys = attempt.takes_keys().await;
        // If the engine is away, nothing is certain.
        if let Some(Ok(sighting)) = attempt.look().await {
            match judge(start, sighting, takes_keys, parts.clock.now(), given_up) {
                Verdict::Started(run_id) => return Ok(attempt.started(run_id)),
                Verdict::NotStarted(why) => {
                    let intent = Box::new(start.intent.clone());
                    return Err(StartError::NotStarted { intent, source: StartFault::BrokenOff(why) });
                }
                Verdict::Unknown(why) => return Err(unknown(start, StartFault::BrokenOff(why))),
                Verdict::AskAgain => return attempt.start_again().await,
                Verdict::Wait => {}
            }
        }
        let pause = pauses.next().unwrap_or(LONGEST_PAUSE);
        if attempt.left() <= pause {
            return Err(unknown(start, StartFault::BrokenOff(NOT_YET)));
        }
        sleep(pause).await;
    }
}

/// Returns who requested a start. How they were identified is no longer known.
fn caller(start: &StartRecord) -> Option<Caller> {
    let caller = Caller::new(&start.started_by, "", "").with_audit_id(start.id.to_string());
    (!caller.name.is_empty()).then_some(caller)
}

/// How to proceed with a start that was begun before.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Started(RunId),
    NotStarted(&'static str),
    Unknown(&'static str),
    /// The client supports keys, so another call cannot start a second run.
    AskAgain,
    /// The run may still come.
    Wait,
}

fn judge(
    start: &StartRecord,
    sighting: Sighting,
    takes_keys: bool,
    now: Timestamp,
    given_up: Timestamp,
) -> Verdict {
    match sighting {
        Sighting::Ours(run_id) => Verdict::Started(run_id),
        // The engine knows a key only while its run is the latest one. After a later run, another call would
        // start a second one.
        Sighting::Since { closed: true, reports_keys: true, .. } if takes_keys => Verdict::Unknown(LATER_RUN),
        Sighting::Since { closed: false, .. } if takes_keys => Verdict::AskAgain,
        Sighting::Since { run_id, began, .. } if began <= given_up => Verdict::Started(run_id),
        Sighting::Since { .. } => Verdict::Unknown(LATER_RUN),
        Sighting::Earlier { .. } | Sighting::Nothing
            if now.duration_since(start.requested_at) >= RETENTION =>
        {
            Verdict::Unknown(TOO_LONG_AGO)
        }
        Sighting::Earlier { .. } | Sighting::Nothing if takes_keys => Verdict::AskAgain,
        Sighting::Earlier { .. } | Sighting::Nothing if now <= given_up => Verdict::Wait,
        Sighting::Earlier { .. } | Sighting::Nothing => Verdict::NotStarted(NONE_SINCE),
    }
}
