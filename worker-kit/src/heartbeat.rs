//! Keeping an activity's heartbeat going while it works.

use std::time::Duration;

use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// Heartbeats for each heartbeat timeout: one may be lost on the way without harm.
const PER_TIMEOUT: u32 = 3;

/// Does the `work` of an activity and heartbeats all the while, where the intent set a heartbeat timeout.
///
/// Temporal then notices within that timeout when this worker dies, and gives the activity to another one. A cancelled
/// activity, and one that a worker about to end cannot finish in time, drops the work where it stands.
///
/// # Errors
/// What the work answers, and cancellation.
pub async fn heartbeating<T>(
    ctx: &ActivityContext,
    work: impl Future<Output = Result<T, ActivityError>>,
) -> Result<T, ActivityError> {
    tokio::select! {
        // Work that is done counts, even if it was cancelled in the same moment.
        biased;
        done = work => done,
        () = ctx.cancelled() => Err(ActivityError::cancelled()),
        error = beat(ctx) => Err(error),
    }
}

/// Heartbeats for ever; returns only when it cannot.
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
