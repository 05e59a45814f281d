//! The longest history that Temporal keeps, through the bridge.

use std::time::Instant;

use anyhow::{Result, ensure};

use super::{Effort, LONGEST_HISTORY};
use crate::load::Request;
use crate::report::Report;
use crate::scene::{DESCRIBED, Scene, status};

const MIB: f64 = 1024.0;

/// Of a bridge that has done nothing else yet: memory once taken is not given back, and would hide what is taken.
pub(super) async fn measure(report: &mut Report, scene: &Scene, effort: Effort) -> Result<()> {
    let page = Request::get(status(DESCRIBED, "getWfHistory=true&historyPageSize=100"));
    let whole = Request::get(status(DESCRIBED, "getWfHistory=true"));
    let bridge = &scene.bridge;
    let idle = bridge.resident_kib()?;
    bridge.forget_peak()?;
    for _ in 0..effort.rounds {
        let since = Instant::now();
        let text = bridge.ask(&page).await?;
        let events = count(&text);
        report.note("history_first_page_ms", since.elapsed().as_secs_f64() * 1e3);
        ensure!(
            events == 100,
            "a page of 100 events has {events}: {}",
            text.chars().take(300).collect::<String>()
        );
    }
    report.note("history_first_page_mib", (bridge.peak_kib()? - idle) / MIB);
    bridge.forget_peak()?;
    let since = Instant::now();
    let answer = bridge.ask(&whole).await?;
    report.note("history_stream_ms", since.elapsed().as_secs_f64() * 1e3);
    report.note("history_stream_mib", (bridge.peak_kib()? - idle) / MIB);
    report.note("history_answer_mib", answer.len() as f64 / MIB / MIB);
    let events = count(&answer);
    ensure!(events == LONGEST_HISTORY, "the whole history of {LONGEST_HISTORY} events has {events}");
    Ok(())
}

fn count(answer: &str) -> usize {
    answer.matches("\"eventId\"").count()
}
