//! Heartbeats of an activity while it works.

use std::time::Duration;

use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// Heartbeats in each heartbeat timeout, so that one may be lost.
const PER_TIMEOUT: u32 = 3;

/// Does the `work` of an activity and sends heartbeats until it is done, if the intent sets a heartbeat timeout.
///
/// If this worker dies, Temporal notices within that timeout and gives the activity to another worker. The work is
/// dropped when the activity is cancelled, or when the worker ends and cannot finish it in time.
///
/// # Errors
/// The error of the work, or cancellation.
pub async fn heartbeating<T>(
    ctx: &ActivityContext,
    work: impl Future<Output = Result<T, ActivityError>>,
) -> Result<T, ActivityError> {
    tokio::select! {
        // Completed work counts, even if it was cancelled at the same moment.
        biased;
        done = work => done,
        () = ctx.cancelled() => Err(ActivityError::cancelled()),
        error = beat(ctx) => Err(error),
    }
}

/// Sends heartbeats until one fails.
async fn beat(ctx: &ActivityContext) -> ActivityError {
    let Some(timeout) = ctx.info().heartbeat_timeout.filter(|timeout| !timeout.is_zero()) else {
        return std::future::pending().await;
    };
    let pause = (timeout / PER_TIMEOUT).max(Duration::from_millis(1));
    let mut ticks = interval_at(Instant::now() + pause, pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = ctx.record_heartbeat(()).await {
            return error.into();
        }
    }
}
