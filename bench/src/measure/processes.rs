//! The time until our processes are ready, and their memory at rest.

use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

use crate::effort::Effort;
use crate::figures::Figures;
use crate::scene::Programs;

const KIB_IN_MIB: f64 = 1024.0;
/// The time after the start at which memory is measured.
const AT_REST: Duration = Duration::from_secs(1);

pub(super) async fn measure(
    figures: &mut Figures,
    programs: &Programs,
    temporal: &str,
    effort: Effort,
) -> Result<()> {
    for _ in 0..effort.rounds {
        let folder = tempfile::tempdir()?;
        let bridge = programs.bridge(temporal, folder.path()).await?;
        let client = programs.client(temporal).await?;
        let worker = programs.worker(temporal).await?;
        figures.note("bridge_ready_ms", bridge.ready_ms);
        figures.note("client_ready_ms", client.ready_ms);
        sleep(AT_REST).await;
        figures.note("bridge_idle_mib", bridge.resident_kib()? / KIB_IN_MIB);
        figures.note("client_idle_mib", client.resident_kib()? / KIB_IN_MIB);
        figures.note("worker_idle_mib", worker.resident_kib()? / KIB_IN_MIB);
    }
    Ok(())
}
