//! Making good the starts that a bridge left open when it ended: the engine shows what became of them, and clients that heed
//! keys are asked again.

use std::time::Duration;

use futures::{StreamExt, stream};
use jiff::SignedDuration;
use tokio::time::{Instant, sleep};

use super::error::{StartError, StartFault};
use super::resume::{NOT_YET, resume};
use super::settle;
use crate::model::{StartId, StartRecord};
use crate::parts::Parts;
use crate::request::Correlation;

/// How often abandoned starts are looked for.
const PAUSE: Duration = Duration::from_secs(2);
/// How often expired keys are forgotten.
const FORGETTING: Duration = Duration::from_secs(3600);
/// How many starts are recovered at once.
const WIDTH: usize = 8;
const BATCH: u32 = 256;

/// A start that cannot be decided is left alone for at least the first of these, and at most the second.
const PUT_OFF: (SignedDuration, SignedDuration) =
    (SignedDuration::from_secs(1), SignedDuration::from_secs(30));

/// Recovers starts and forgets keys until the process drains.
pub(super) async fn run(parts: &Parts) {
    let mut forget_at = Instant::now();
    loop {
        tokio::select! {
            () = recover_all(parts) => {}
            () = parts.tasks.draining() => return,
        }
        if Instant::now() >= forget_at {
            forget_at += FORGETTING;
            match parts.store.forget_keys().await {
                Ok(0) => {}
                Ok(keys) => tracing::info!(keys, "forgot idempotency keys"),
                Err(error) => {
                    tracing::warn!(
                        error = workflow_api::chain(&error),
                        "idempotency keys cannot be forgotten"
                    )
                }
            }
        }
        tokio::select! {
            () = sleep(PAUSE) => {}
            () = parts.tasks.draining() => return,
        }
    }
}

async fn recover_all(parts: &Parts) {
    match parts.store.abandoned(BATCH).await {
        Ok(abandoned) => stream::iter(abandoned).for_each_concurrent(WIDTH, |id| recover(parts, id)).await,
        Err(error) => {
            tracing::error!(error = workflow_api::chain(&error), "open starts cannot be looked up");
        }
    }
}

async fn recover(parts: &Parts, id: StartId) {
    match parts.store.take_over(id, settle::lease_to_resume(&parts.limits)).await {
        Ok(Some((mut start, spec))) => {
            match resume(parts, &start, &spec, &Correlation::default()).await {
                Err(StartError::OutcomeUnknown { source: StartFault::BrokenOff(NOT_YET), .. }) => {
                    put_off(parts, &start).await;
                }
                // The outcome is on record; no caller waits for it.
                result => drop(settle::close(parts, &mut start, result).await),
            }
        }
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(start = %id, error = workflow_api::chain(&error), "a start cannot be taken over");
        }
    }
}

async fn put_off(parts: &Parts, start: &StartRecord) {
    let age = parts.clock.now().duration_since(start.requested_at);
    let pause = (age / 10).clamp(PUT_OFF.0, PUT_OFF.1).unsigned_abs();
    tracing::warn!(start = %start.id, intent = %start.intent, ?pause, "a start that was left open cannot be settled yet");
    if let Err(error) = parts.store.put_off(start, pause).await {
        tracing::warn!(start = %start.id, error = workflow_api::chain(&error), "a start cannot be put off");
    }
}
