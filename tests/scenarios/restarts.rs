//! Processes die in mid-run, and nothing is lost.

use anyhow::{Result, ensure};
use harness::{Proxy, SAMPLE_INTENT, SAMPLE_TARGET, SAMPLE_WORKFLOW_ID, Stack, eventually, placements};

use crate::api::{SOON, get, intent_url, post, start, status_until};

#[tokio::test]
async fn processes_killed_during_a_run_lose_nothing() -> Result<()> {
    let mut stack = Stack::start().await?;
    // EMCO falls silent, so that the workflow is held in its first activity.
    let mut emco = Proxy::start(stack.emco.url().trim_start_matches("http://")).await?;
    emco.pause();
    let mut intent = stack.sample_intent();
    intent["spec"]["temporal"]["workflowParams"]["activityParams"]["all-activities"]["emcoURL"] =
        emco.url().into();

    let created = post(&stack.intents_url(), &intent).await?.expect(201)?;
    let started = start(&stack).await?.expect(204)?;
    let run_id = started.header("run-id").to_owned();
    ensure!(!run_id.is_empty(), "the start names its run");
    status_until(&stack, "queryType=current-state", "the first activity runs", |answer| {
        answer.text("workflowQueryResult") == "GetDigAppIntents"
    })
    .await;

    for member in [&mut stack.worker, &mut stack.client, &mut stack.bridge] {
        member.process.kill()?;
    }
    emco.resume().await?;
    for member in [&mut stack.bridge, &mut stack.client, &mut stack.worker] {
        member.restart().await?;
    }

    let stored = get(&intent_url(&stack, SAMPLE_INTENT, "")).await?.expect(200)?;
    ensure!(stored.body == created.body, "the intent as it was: {}", stored.body);
    let ended = status_until(&stack, "waitForResult=true&timeout=30s", "the workflow has ended", |answer| {
        answer.status == 200 && answer.text("workflowState") != "Running"
    })
    .await;
    ensure!(ended.text("workflowState") == "Completed", "{}", ended.body);
    ensure!(
        ended.text("runID") == run_id,
        "the run that was started is the one that completed: {}",
        ended.body
    );

    let query = format!("WorkflowId = '{SAMPLE_WORKFLOW_ID}'");
    eventually(SOON, "Temporal knows exactly one run", async || {
        let runs = stack.temporal.cli(&["workflow", "list", "--query", &query]).await?;
        ensure!(runs.as_array().is_some_and(|runs| runs.len() == 1), "{runs}");
        Ok(())
    })
    .await;
    eventually(SOON, "the app is ready on its new cluster", async || {
        let dig = stack.dig_status().await?;
        ensure!(dig["readyStatus"] == "Ready" && placements(&dig)["collectd"] == [SAMPLE_TARGET], "{dig}");
        Ok(())
    })
    .await;
    stack.stop().await
}
