//! A bridge whose disk is full.

use anyhow::{Context, Result, ensure};
use harness::{Process, SAMPLE_DIG, eventually, free_port, http, sample_intent};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use serde_json::Value;

use super::configured;
use crate::api::SOON;

/// Limits the length to which the process can extend a file: beyond it, writes fail as on a full disk.
fn limit(process: &Process, length: Option<u64>) {
    let pid = Pid::from_raw(process.pid().try_into().unwrap());
    let limit = Rlimit { current: length, ..getrlimit(Resource::Fsize) };
    prlimit(pid, Resource::Fsize, limit).unwrap();
}

/// Waits until `/readyz` reports this about the database.
async fn database_becomes(ready: bool, url: &str) {
    eventually(SOON, "the readiness of the database", async || -> Result<()> {
        let report: Value = http().get(format!("{url}/readyz")).send().await?.json().await?;
        let checks = report["checks"].as_array().context("a report has checks")?;
        let is_as_expected = |check: &Value| check["name"] == "database" && check["ready"] == ready;
        ensure!(checks.iter().any(is_as_expected), "{report}");
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_bridge_whose_disk_is_full_is_not_ready() {
    let directory = tempfile::tempdir().unwrap();
    let port = free_port();
    // Otherwise the signal of the limit would end the process.
    let script = "trap '' XFSZ; exec \"$0\" serve";
    let program = Process::builder("sh").args(["-c", script, env!("CARGO_BIN_EXE_bridge")]);
    let bridge = configured(program, port, &directory.path().join("bridge.db"), "127.0.0.1:1");
    let bridge = bridge.spawn().unwrap();
    let url = format!("http://127.0.0.1:{port}");
    let intent = sample_intent("127.0.0.1", 9090, "http://emco").to_string();
    let create = async || {
        let intents = format!("{url}{SAMPLE_DIG}/temporal-workflow-intents");
        http().post(intents).body(intent.clone()).send().await.unwrap().status()
    };
    database_becomes(true, &url).await;
    let log = directory.path().join("bridge.db-wal").metadata().unwrap();
    limit(&bridge, Some(log.len()));
    database_becomes(false, &url).await;
    assert_eq!(create().await, 503);
    limit(&bridge, None);
    database_becomes(true, &url).await;
    assert_eq!(create().await, 201);
}
