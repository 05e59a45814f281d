//! The longest history that Temporal keeps, read through the bridge: memory, and the time of other callers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Result, ensure};
use tokio::runtime::Builder;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;

use crate::effort::{Effort, LONGEST_HISTORY, SLOW_CALLERS};
use crate::figures::{Figures, quantile};
use crate::http::{HttpCall, Request};
use crate::load::{Call, Fleet};
use crate::scene::{STATUS, Scene, status_path};

const KIB_IN_MIB: f64 = 1024.0;
const PAGE: &str = "getWfHistory=true&historyPageSize=100";
const WHOLE: &str = "getWfHistory=true";

/// The bridge must be fresh.
pub(super) async fn measure(figures: &mut Figures, scene: &Scene, effort: Effort) -> Result<()> {
    let bridge = &scene.bridge;
    let idle = bridge.resident_kib()?;
    for (query, size, mib) in
        [(PAGE, 100, "history_first_page_mib"), (WHOLE, LONGEST_HISTORY, "history_whole_mib")]
    {
        bridge.forget_peak()?;
        let mut call = scene.status(query).await?;
        let since = Instant::now();
        let events = call.ask().await?.matches("\"eventId\"").count();
        if query == PAGE {
            figures.note("history_first_page_ms", since.elapsed().as_secs_f64() * 1e3);
        }
        figures.note(mib, (bridge.peak_kib()? - idle) / KIB_IN_MIB);
        ensure!(events == size, "a history of {size} events was answered with {events}");
    }

    let alone = p99_of_status(scene, sleep(effort.slice)).await?;
    let mut histories = JoinSet::new();
    for _ in 0..SLOW_CALLERS {
        let mut history = scene.status(WHOLE).await?;
        histories.spawn(async move { history.call().await });
    }
    let beside = p99_of_status(scene, histories.join_all()).await?;
    figures.note("slow_caller_p99_ratio", beside / alone);
    Ok(())
}

/// Makes status requests one after the other until `end`, and returns the 99th percentile of their times in milliseconds.
async fn p99_of_status(scene: &Scene, end: impl Future) -> Result<f64> {
    let (port, request) = (scene.bridge.port, Request::get(status_path(STATUS)));
    let ended = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&ended);
    // In its own thread, so that reading the histories does not delay it.
    let caller = spawn_blocking(move || {
        Builder::new_current_thread().enable_all().build()?.block_on(async {
            let mut status = Fleet::connect(1, async || HttpCall::connect(port, &request).await).await?;
            let mut times = Vec::new();
            while !seen.load(Ordering::Relaxed) {
                times.push(status.timed().await?);
            }
            anyhow::Ok(quantile(&mut times, 0.99))
        })
    });
    end.await;
    ended.store(true, Ordering::Relaxed);
    caller.await?
}
