//! Completes the starts that a bridge left open when it ended. The engine shows their runs; clients that
//! support keys are called again.

use std::time::Duration;

use futures::{StreamExt, stream};
use jiff::SignedDuration;
use tokio::time::{Instant, sleep};

use super::admission::Retries;
use super::error::{StartError, StartFault};
use super::resume::{NOT_YET, resume};
use super::settle;
use crate::model::{StartId, StartRecord};
use crate::parts::Parts;
use crate::request::Correlation;

/// Interval between two searches for abandoned starts.
const PAUSE: Duration = Duration::from_secs(2);
/// Interval between two deletions of expired keys.
const FORGETTING: Duration = Duration::from_secs(3600);
/// How many starts are recovered at once.
const WIDTH: usize = 8;
const BATCH: u32 = 256;

/// How long to wait before a start that cannot be settled is tried again: at least, and at most.
const PUT_OFF: (SignedDuration, SignedDuration) =
    (SignedDuration::from_secs(1), SignedDuration::from_secs(30));

/// Recovers starts and deletes expired keys until the process drains.
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
                Ok(keys) => tracing::info!(keys, "deleted expired idempotency keys"),
                Err(error) => {
                    tracing::warn!(
                        error = workflow_api::chain(&error),
                        "expired idempotency keys cannot be deleted"
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
            tracing::error!(error = workflow_api::chain(&error), "abandoned starts cannot be looked up");
        }
    }
}

async fn recover(parts: &Parts, id: StartId) {
    match parts.store.take_over(id, settle::lease_to_resume(&parts.limits)).await {
        Ok(Some((mut start, spec))) => {
            match resume(parts, &start, &spec, &Correlation::default(), Retries::ALL).await {
                Err(StartError::OutcomeUnknown { source: StartFault::BrokenOff(NOT_YET), .. }) => {
                    put_off(parts, &start).await;
                }
                // The outcome is recorded; no caller waits for it.
                result => {
                    let mut trail = parts.access.recovery(&start, parts.clock.now());
                    drop(settle::close_again(parts, &mut start, result, &mut trail).await);
                }
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
    tracing::warn!(start = %start.id, intent = %start.intent, ?pause, "an abandoned start cannot be settled yet");
    if let Err(error) = parts.store.put_off(start, pause).await {
        tracing::warn!(start = %start.id, error = workflow_api::chain(&error), "the next attempt at a start cannot be scheduled");
    }
}
