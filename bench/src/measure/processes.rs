//! The time until our processes are ready, and their memory at rest.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use http::StatusCode;
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};

use crate::effort::Effort;
use crate::figures::Figures;
use crate::http::Request;
use crate::payload;
use crate::scene::{Programs, intents};

const KIB_IN_MIB: f64 = 1024.0;
/// The time after the start at which memory is measured.
const AT_REST: Duration = Duration::from_secs(1);
/// The same for a bridge with a rule and a schedule: its workers poll, and the rule has looked.
const DECIDING: Duration = Duration::from_secs(15);
/// The intent that the rule and the schedule are about.
const INTENT: &str = "scheduled";

pub(super) async fn measure(
    figures: &mut Figures,
    programs: &Programs,
    temporal: &str,
    effort: Effort,
) -> Result<()> {
    let deciding_folder = tempfile::tempdir()?;
    decide(programs, temporal, deciding_folder.path()).await?;
    for _ in 0..effort.rounds {
        let folder = tempfile::tempdir()?;
        let bridge = programs.bridge(temporal, folder.path()).await?;
        let deciding = programs.bridge(temporal, deciding_folder.path()).await?;
        let decided = Instant::now() + DECIDING;
        let client = programs.client(temporal).await?;
        let worker = programs.worker(temporal).await?;
        figures.note("bridge_ready_ms", bridge.ready_ms);
        figures.note("client_ready_ms", client.ready_ms);
        sleep(AT_REST).await;
        figures.note("bridge_idle_mib", bridge.resident_kib()? / KIB_IN_MIB);
        figures.note("client_idle_mib", client.resident_kib()? / KIB_IN_MIB);
        figures.note("worker_idle_mib", worker.resident_kib()? / KIB_IN_MIB);
        sleep_until(decided).await;
        figures.note("deciding_idle_mib", (deciding.resident_kib()? - bridge.resident_kib()?) / KIB_IN_MIB);
    }
    Ok(())
}

/// Writes a rule and a schedule into the database of a folder.
async fn decide(programs: &Programs, temporal: &str, folder: &Path) -> Result<()> {
    let mut bridge = programs.bridge(temporal, folder).await?;
    let intent = payload::intent(INTENT, INTENT, 9);
    bridge.ask(&Request::post(intents(), intent, StatusCode::CREATED)).await?;
    let rule = json!({
        "metadata": {"name": "failed"},
        "spec": {"when": {"state": ["Failed"]}, "then": [{"alarm": {"probableCause": "workflowFailed"}}]},
    });
    let schedule = json!({"metadata": {"name": "daily"}, "spec": {"crons": ["0 3 * * *"]}});
    for (path, document) in [
        ("/v2/workflow-rules/failed".to_owned(), rule),
        (format!("{}/{INTENT}/schedules/daily", intents()), schedule),
    ] {
        bridge.ask(&Request::put(path, document)).await?;
    }
    bridge.stop().await.map(drop)
}
