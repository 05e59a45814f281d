//! Temporal is away, falls silent, comes back.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use harness::{SAMPLE_INTENT, Stack};

use crate::api::{get, intent_url, post, start, status_until};

#[tokio::test]
async fn status_and_start_respond_without_temporal_and_recover() -> Result<()> {
    let mut stack = Stack::start().await?;
    post(&stack.intents_url(), &stack.sample_intent()).await?.expect(201)?;
    stack.temporal.kill()?;

    let asked = Instant::now();
    let status =
        get(&intent_url(&stack, SAMPLE_INTENT, "/status?runDescribeWfExec=true")).await?.expect(503)?;
    ensure!(asked.elapsed() < Duration::from_secs(5), "status took {:?}", asked.elapsed());
    ensure!(!status.text("code").is_empty() && !status.header("retry-after").is_empty(), "{status:?}");

    let refused = start(&stack).await?.expect(502)?;
    ensure!(refused.body["clientStatus"] == 503, "the client's own status is told: {}", refused.body);

    stack.temporal.restart().await?;
    harness::eventually(Duration::from_secs(30), "a start is accepted again", async || {
        start(&stack).await?.expect(204)
    })
    .await;
    status_until(&stack, "waitForResult=true&timeout=30s", "the workflow completes", |answer| {
        answer.text("workflowState") == "Completed"
    })
    .await;
    stack.stop().await
}
