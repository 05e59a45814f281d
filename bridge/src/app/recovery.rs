//! Making good the starts that a bridge left open when it ended: Temporal says what became of them, and clients that heed
//! keys are asked again.

use std::time::Duration;

use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};
use workflow_api::{RunId, WorkflowIntentSpec};

use super::App;
use super::start::{Attempt, Sighting, StartError, StartFault, StartedRun};
use crate::run::{Run, StartId};

/// How often abandoned starts are looked for.
const PAUSE: Duration = Duration::from_secs(2);
/// How often keys are forgotten that were kept long enough.
const FORGETTING: Duration = Duration::from_secs(3600);
/// So many at once.
const WIDTH: usize = 8;
const BATCH: u32 = 256;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// A start that cannot be decided is left alone for at least this long, at most that long.
const PUT_OFF: (SignedDuration, SignedDuration) =
    (SignedDuration::from_secs(1), SignedDuration::from_secs(30));

/// How long a start may be in reaching Temporal after the workflow client was given up.
const GRACE: SignedDuration = SignedDuration::from_secs(10);

/// A namespace keeps closed runs for a day at least; what is not found for longer may have been there.
const RETENTION: SignedDuration = SignedDuration::from_hours(24);

const NONE_SINCE: &str =
    "the bridge ended before the workflow client answered; Temporal knows of no run since";
const TOO_LONG_AGO: &str =
    "the bridge ended before the workflow client answered, too long ago for Temporal to know";
const LATER_RUN: &str =
    "the bridge ended before the workflow client answered; a later run has the workflow ID now";
const NOT_YET: &str =
    "the workflow client's answer was lost, and neither it nor Temporal can tell yet what it did";

impl App {
    /// Makes good every start that nobody carries through any more, those of other replicas too, until the process drains.
    /// Forgets keys by the way.
    pub async fn keep_starts(&self) {
        let mut forget_at = Instant::now();
        loop {
            tokio::select! {
                () = self.recover_starts() => {}
                () = self.shutdown.draining() => return,
            }
            if Instant::now() >= forget_at {
                forget_at += FORGETTING;
                match self.store.forget_keys().await {
                    Ok(0) => {}
                    Ok(keys) => tracing::info!(keys, "forgot idempotency keys"),
                    Err(error) => {
                        tracing::warn!(error = service::chain(&error), "idempotency keys cannot be forgotten")
                    }
                }
            }
            tokio::select! {
                () = sleep(PAUSE) => {}
                () = self.shutdown.draining() => return,
            }
        }
    }

    async fn recover_starts(&self) {
        match self.store.abandoned_runs(BATCH).await {
            Ok(abandoned) => stream::iter(abandoned).for_each_concurrent(WIDTH, |id| self.recover(id)).await,
            Err(error) => tracing::error!(error = service::chain(&error), "open starts cannot be looked up"),
        }
    }

    async fn recover(&self, id: StartId) {
        match self.store.take_over(id, self.lease_to_resume()).await {
            Ok(Some((mut run, spec))) => match self.resume(&run, &spec).await {
                Err(StartError::OutcomeUnknown { source: StartFault::BrokenOff(NOT_YET), .. }) => {
                    self.put_off(&run).await;
                }
                // What it is stands in the record; there is nobody to tell.
                result => drop(self.close(&mut run, result).await),
            },
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(start = %id, error = service::chain(&error), "a start cannot be taken over");
            }
        }
    }

    async fn put_off(&self, run: &Run) {
        let age = Timestamp::now().duration_since(run.requested_at);
        let pause = (age / 10).clamp(PUT_OFF.0, PUT_OFF.1).unsigned_abs();
        tracing::warn!(start = %run.id, intent = %run.intent, ?pause, "a start that was left open cannot be settled yet");
        if let Err(error) = self.store.put_off(run, pause).await {
            tracing::warn!(start = %run.id, error = service::chain(&error), "a start cannot be put off");
        }
    }

    /// Finds out what became of a start that was begun before, and makes it good where that is safe. `spec` is what the
    /// client was told.
    pub(super) async fn resume(
        &self,
        run: &Run,
        spec: &WorkflowIntentSpec,
    ) -> Result<StartedRun, StartError> {
        let call = self.invocation(run, spec)?;
        let attempt = Attempt::new(self, run, call);
        let patience = SignedDuration::try_from(self.limits.start).unwrap_or(SignedDuration::MAX);
        let given_up =
            run.requested_at.saturating_add(patience.saturating_add(GRACE)).unwrap_or(Timestamp::MAX);
        let mut pause = FIRST_PAUSE;
        loop {
            let takes_keys = attempt.takes_keys().await;
            // Where Temporal is away, nothing is certain.
            if let Some(Ok(sighting)) = attempt.look().await {
                match judge(run, sighting, takes_keys, Timestamp::now(), given_up) {
                    Verdict::Started(run_id) => return Ok(attempt.started(run_id)),
                    Verdict::NotStarted(why) => {
                        let intent = Box::new(run.intent.clone());
                        return Err(StartError::NotStarted { intent, source: StartFault::BrokenOff(why) });
                    }
                    Verdict::Unknown(why) => return Err(attempt.unknown(StartFault::BrokenOff(why))),
                    Verdict::AskAgain => return attempt.start_again().await,
                    Verdict::Wait => {}
                }
            }
            if attempt.left() <= pause {
                return Err(attempt.unknown(StartFault::BrokenOff(NOT_YET)));
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// What is to be made of a start that was begun before.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Started(RunId),
    NotStarted(&'static str),
    Unknown(&'static str),
    /// The client heeds keys, and asking it again can start nothing twice.
    AskAgain,
    /// It may still come.
    Wait,
}

fn judge(run: &Run, sighting: Sighting, takes_keys: bool, now: Timestamp, given_up: Timestamp) -> Verdict {
    match sighting {
        Sighting::Ours(run_id) => Verdict::Started(run_id),
        // Temporal knows a key only as long as its run is the latest: behind a later one, ours would be started again.
        Sighting::Since { closed: true, told_keys: true, .. } if takes_keys => Verdict::Unknown(LATER_RUN),
        Sighting::Since { closed: false, .. } if takes_keys => Verdict::AskAgain,
        Sighting::Since { run_id, began, .. } if began <= given_up => Verdict::Started(run_id),
        Sighting::Since { .. } => Verdict::Unknown(LATER_RUN),
        Sighting::Earlier { .. } | Sighting::Nothing if now.duration_since(run.requested_at) >= RETENTION => {
            Verdict::Unknown(TOO_LONG_AGO)
        }
        Sighting::Earlier { .. } | Sighting::Nothing if takes_keys => Verdict::AskAgain,
        Sighting::Earlier { .. } | Sighting::Nothing if now <= given_up => Verdict::Wait,
        Sighting::Earlier { .. } | Sighting::Nothing => Verdict::NotStarted(NONE_SINCE),
    }
}
