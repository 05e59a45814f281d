//! A caller of a server that is busy with the requests of others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::runtime::Builder;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::effort::PATIENCE;
use crate::http::{HttpCall, Request};
use crate::load::Fleet;

/// Makes these requests one after the other, with a pause after each, until `end`, and returns the times that
/// each took in milliseconds.
pub(super) async fn times<const N: usize>(
    requests: [(u16, Request); N],
    pause: Duration,
    end: impl Future,
) -> Result<[Vec<f64>; N]> {
    let ended = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&ended);
    // In its own thread, so that the load does not delay it.
    let caller = spawn_blocking(move || {
        Builder::new_current_thread().enable_all().build()?.block_on(async {
            let mut times = [const { Vec::new() }; N];
            let mut calls = Vec::new();
            for (port, request) in &requests {
                calls.push(Fleet::connect(1, async || HttpCall::connect(*port, request).await).await?);
            }
            while !seen.load(Ordering::Relaxed) {
                for (call, times) in calls.iter_mut().zip(&mut times) {
                    let time = timeout(PATIENCE, call.timed()).await;
                    times.push(time.unwrap_or_else(|_| Ok(PATIENCE.as_secs_f64() * 1e3))?);
                    sleep(pause).await;
                }
            }
            anyhow::Ok(times)
        })
    });
    end.await;
    ended.store(true, Ordering::Relaxed);
    caller.await?
}
