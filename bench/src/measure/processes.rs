//! What our processes cost by being there: memory at rest, time to be ready, size of the programs.

use std::time::Duration;

use anyhow::Result;

use super::Effort;
use crate::report::Report;
use crate::scene::Programs;

const MIB: f64 = 1024.0;
/// After what a start needs, before anything is asked.
const AT_REST: Duration = Duration::from_secs(1);

pub(super) async fn measure(
    report: &mut Report,
    programs: &Programs,
    temporal: &str,
    effort: Effort,
) -> Result<()> {
    for _ in 0..effort.rounds {
        let folder = tempfile::tempdir()?;
        let bridge = programs.bridge(temporal, folder.path()).await?;
        let client = programs.client(temporal).await?;
        let worker = programs.worker(temporal).await?;
        report.note("bridge_ready_ms", bridge.ready_ms);
        report.note("client_ready_ms", client.ready_ms);
        report.note("worker_ready_ms", worker.ready_ms);
        tokio::time::sleep(AT_REST).await;
        report.note("bridge_idle_rss_mib", bridge.resident_kib()? / MIB);
        report.note("client_idle_rss_mib", client.resident_kib()? / MIB);
        report.note("worker_idle_rss_mib", worker.resident_kib()? / MIB);
    }
    for (name, program) in [
        ("bridge_binary_mib", "bridge"),
        ("client_binary_mib", "sample-client"),
        ("worker_binary_mib", "sample-worker"),
    ] {
        let bytes = std::fs::metadata(programs.folder.join(program))?.len();
        report.note(name, bytes as f64 / MIB / MIB);
    }
    Ok(())
}
