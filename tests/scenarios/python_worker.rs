//! A worker in another language runs what our client started.

use anyhow::{Result, ensure};
use harness::{Stack, python_with_temporalio};

use crate::api::{post, start, status_until};

const QUEUE: &str = "python-queue";

#[tokio::test]
async fn a_python_worker_gets_the_parameters_as_a_plain_json_object() -> Result<()> {
    let stack = Stack::start().await?;
    let _worker = python_with_temporalio()?
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/worker.py"))
        .args([stack.temporal.address(), QUEUE])
        .spawn()?;

    // EMCO's generic client: the workflow type is the name of the task queue (EMCO-API §2.4).
    let mut intent = stack.sample_intent();
    intent["spec"]["temporal"]["workflowClientName"] = "workflowclient".into();
    intent["spec"]["temporal"]["workflowStartOptions"]["id"] = "python-1".into();
    intent["spec"]["temporal"]["workflowStartOptions"]["taskQueue"] = QUEUE.into();
    post(&stack.intents_url(), &intent).await?.expect(201)?;
    start(&stack).await?.expect(204)?;

    let ended = status_until(&stack, "waitForResult=true&timeout=30s", "the workflow completes", |answer| {
        answer.text("workflowState") == "Completed"
    })
    .await;
    let seen = &ended.body["workflowResult"];
    ensure!(seen["type"] == "dict", "the argument is a plain object: {seen}");
    ensure!(
        seen["params"]["activityParams"] == intent["spec"]["temporal"]["workflowParams"]["activityParams"],
        "{seen}"
    );
    let options = &seen["params"]["activityOptions"]["all-activities"];
    ensure!(options["StartToCloseTimeout"] == 60_000_000_000_u64, "{seen}");
    ensure!(options["RetryPolicy"]["InitialInterval"] == 10, "{seen}");
    stack.stop().await
}
