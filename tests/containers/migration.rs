//! EMCO's sample migration, through the images.

use anyhow::{Result, ensure};
use harness::{SAMPLE_TARGET, SAMPLE_WORKFLOW_ID, eventually, placements};

use crate::system::{SOON, System, completed, start};

#[tokio::test]
async fn the_images_migrate_and_write_only_to_volumes() -> Result<()> {
    System::with(async |system| {
        let [first, second] = &system.bridges;
        system.register(first, &system.sample_intent()).await?.expect(201)?;
        let started = start(second).await?.expect(204)?;

        let run_id = completed(first).await?;
        ensure!(run_id == started.header("run-id"), "the run that was started is the one that completed");
        ensure!(system.runs(SAMPLE_WORKFLOW_ID).await? == [run_id], "Temporal knows exactly this run");
        eventually(SOON, "the app is ready on its new cluster", async || {
            let dig = system.dig_status().await?;
            ensure!(
                dig["readyStatus"] == "Ready" && placements(&dig)["collectd"] == [SAMPLE_TARGET],
                "{dig}"
            );
            Ok(())
        })
        .await;

        for ours in system.ours() {
            let written = ours.written().await?;
            ensure!(written.is_empty(), "{written}");
        }
        Ok(())
    })
    .await
}
