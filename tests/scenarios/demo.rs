//! The README's first command.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

#[tokio::test]
async fn the_demo_moves_the_sample_app_and_says_so_in_its_last_line() -> Result<()> {
    let mut demo = tokio::process::Command::from(harness::cargo());
    let output = demo
        .args(["run", "--quiet", "--package", "xtask", "--", "demo", "--once", "--json"])
        .kill_on_drop(true)
        .output()
        .await?;
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{}\n{stdout}\n{stderr}", output.status);
    let outcome: Value = serde_json::from_str(stdout.lines().last().context("no output")?)?;
    ensure!(outcome["state"] == "Completed", "{outcome}");
    ensure!(outcome["apps"][0]["from"][0] == "provider1/cluster1", "{outcome}");
    ensure!(outcome["apps"][0]["to"][0] == "provider2/cluster2", "{outcome}");
    ensure!(outcome["runID"].as_str().is_some_and(|run| run.len() == 36), "{outcome}");
    Ok(())
}
