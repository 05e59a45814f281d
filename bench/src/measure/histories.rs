//! The longest history that Temporal keeps, read through the bridge: memory, and the time of other callers.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::bystander;
use crate::effort::{Effort, LONGEST_HISTORY, SLOW_CALLERS};
use crate::figures::{Figures, quantile};
use crate::http::Request;
use crate::load::Call;
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

    let alone = p99_of_status(bridge.port, sleep(effort.slice)).await?;
    let mut histories = JoinSet::new();
    for _ in 0..SLOW_CALLERS {
        let mut history = scene.status(WHOLE).await?;
        histories.spawn(async move { history.call().await });
    }
    let beside = p99_of_status(bridge.port, histories.join_all()).await?;
    figures.note("slow_caller_p99_ratio", beside / alone);
    Ok(())
}

/// Makes status requests one after the other until `end`, and returns the 99th percentile of their times in
/// milliseconds.
async fn p99_of_status(port: u16, end: impl Future) -> Result<f64> {
    let requests = [(port, Request::get(status_path(STATUS)))];
    let [mut times] = bystander::times(requests, Duration::ZERO, end).await?;
    Ok(quantile(&mut times, 0.99))
}
