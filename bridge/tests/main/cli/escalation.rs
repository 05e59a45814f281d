//! A bridge that is killed after it cancelled a workflow, before it terminates it.

use std::time::Duration;

use harness::{SAMPLE_DIG, SAMPLE_INTENT, TemporalServer, eventually, free_port, http, sample_intent};
use serde_json::{Value, json};

use super::serving;
use crate::api::SOON;
use crate::api::verbs::{events, new_task_queue, start};

/// Long enough to kill the bridge before, also on a busy machine.
const AFTER: Duration = Duration::from_secs(15);

#[tokio::test]
async fn an_escalation_outlives_the_bridge() {
    // On the server of all tests, another bridge could work on the escalation.
    let temporal = &TemporalServer::start().await.unwrap();
    let (workflow_id, run_id) = start(temporal, "Stubborn", &new_task_queue(temporal)).await;
    let directory = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut process = serving(port, &directory.path().join("bridge.db"), temporal.address()).spawn().unwrap();
    let ready = format!("http://127.0.0.1:{port}/readyz");
    process.wait_ready(&ready).await.unwrap();

    let intents = format!("http://127.0.0.1:{port}{SAMPLE_DIG}/temporal-workflow-intents");
    let mut intent = sample_intent("127.0.0.1", 9090, "http://emco");
    intent["spec"]["temporal"]["workflowStartOptions"]["id"] = workflow_id.as_str().into();
    assert_eq!(http().post(&intents).body(intent.to_string()).send().await.unwrap().status(), 201);
    let cancel = format!("{intents}/{SAMPLE_INTENT}/cancel?escalateAfter=15s");
    let canceled = http().post(cancel).header("x-forwarded-user", "alice").body("{}").send().await.unwrap();
    assert_eq!(canceled.status(), 204, "{}", process.log());
    let escalation = format!("emco-bridge-escalate-cancel-{run_id}");
    eventually(SOON, "the timer runs", async || {
        events(temporal, &escalation, "", "TIMER_STARTED").await.len() == 1
    })
    .await;
    process.kill().unwrap();

    // No bridge is running when the time is over.
    eventually(AFTER + SOON, "the timer has fired", async || {
        events(temporal, &escalation, "", "TIMER_FIRED").await.len() == 1
    })
    .await;
    assert!(events(temporal, &workflow_id, &run_id, "WORKFLOW_EXECUTION_TERMINATED").await.is_empty());
    process.restart().unwrap();
    let ended = eventually(SOON, "the workflow is terminated", async || {
        events(temporal, &workflow_id, &run_id, "WORKFLOW_EXECUTION_TERMINATED").await.pop()
    })
    .await;
    let ended: &Value = &ended["workflowExecutionTerminatedEventAttributes"];
    assert_eq!(ended["reason"], json!("did not end within 15s of being cancelled"));
    let identity = ended["identity"].as_str().unwrap();
    assert!(identity.starts_with("alice via bridge@"), "{identity}");
}
