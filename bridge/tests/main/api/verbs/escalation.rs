//! Cancellations that are followed by a termination.

use harness::{TemporalServer, eventually};
use serde_json::{Value, json};

use super::super::{SOON, problem_of};
use super::Scene;
use crate::temporal::histories::replays;

async fn status(temporal: &TemporalServer, workflow_id: &str) -> Value {
    let described = temporal.cli(&["workflow", "describe", "--workflow-id", workflow_id]).await.unwrap();
    described["workflowExecutionInfo"]["status"].clone()
}

/// Waits until the workflow has ended in this state.
async fn ended(temporal: &TemporalServer, workflow_id: &str, how: &str) {
    let how = format!("WORKFLOW_EXECUTION_STATUS_{how}");
    eventually(SOON, &how, async || status(temporal, workflow_id).await == how.as_str()).await;
}

#[tokio::test]
async fn a_workflow_that_ignores_its_cancellation_is_terminated() {
    let scene = Scene::new("Stubborn").await;
    let body = json!({"spec": {"reason": "the cluster goes down", "escalateAfter": "500ms"}});
    let request = scene.request("cancel?wait=100ms", &body).header("X-Forwarded-User", "alice");
    let stopping = request.send().await.unwrap();
    assert_eq!(stopping.status(), 202);
    let report: Value = stopping.json().await.unwrap();
    let escalation = report["escalation"]["workflowID"].as_str().unwrap();
    assert_eq!(escalation, format!("emco-bridge-escalate-cancel-{}", scene.run_id));
    assert_eq!(report["escalation"]["alreadyScheduled"], false);

    ended(scene.temporal, &scene.workflow_id, "TERMINATED").await;
    let [event] = scene.events("WORKFLOW_EXECUTION_TERMINATED").await.try_into().unwrap();
    let event = &event["workflowExecutionTerminatedEventAttributes"];
    assert_eq!(event["reason"], "did not end within 500ms of being cancelled: the cluster goes down");
    assert!(event["identity"].as_str().unwrap().starts_with("alice via "), "{event}");
    ended(scene.temporal, escalation, "COMPLETED").await;
    replays(scene.temporal, escalation, None, "terminated").await;
}

#[tokio::test]
async fn a_workflow_that_ends_by_itself_is_left_alone() {
    let scene = Scene::new("Obedient").await;
    assert_eq!(scene.level().await, 0);
    let stopped = scene.post("cancel?wait=20s&escalateAfter=1h", json!({})).await;
    assert_eq!(stopped.status(), 200);
    let report: Value = stopped.json().await.unwrap();
    let escalation = report["escalation"]["workflowID"].as_str().unwrap();
    // Long before its hour is over.
    ended(scene.temporal, escalation, "COMPLETED").await;
    assert_eq!(report["workflowState"], "Canceled");
    replays(scene.temporal, escalation, None, "ended").await;
}

#[tokio::test]
async fn the_first_escalation_stands_and_can_be_called_off() {
    let scene = Scene::new("Stubborn").await;
    let mut reports = Vec::new();
    for time in ["1h", "1ms"] {
        let body = json!({"spec": {}});
        let request = scene.request(&format!("cancel?escalateAfter={time}"), &body);
        let answer = request.header("Prefer", "return=representation").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        reports.push(answer.json::<Value>().await.unwrap()["escalation"].clone());
    }
    assert_eq!(reports[0]["runID"], reports[1]["runID"]);
    assert_eq!(
        (&reports[0]["alreadyScheduled"], &reports[1]["alreadyScheduled"]),
        (&json!(false), &json!(true))
    );
    let escalation = reports[0]["workflowID"].as_str().unwrap();
    scene.temporal.cli(&["workflow", "cancel", "--workflow-id", escalation]).await.unwrap();
    ended(scene.temporal, escalation, "CANCELED").await;
    assert_eq!(status(scene.temporal, &scene.workflow_id).await, "WORKFLOW_EXECUTION_STATUS_RUNNING");
    replays(scene.temporal, escalation, None, "called-off").await;
}

#[tokio::test]
async fn a_bridge_that_may_not_escalate_does_nothing() {
    let scene = Scene::with("Stubborn", &["--escalation", "off"]).await;
    problem_of(scene.post("cancel?escalateAfter=1s", json!({})).await, 501, "escalation_off").await;
    assert!(scene.events("WORKFLOW_EXECUTION_CANCEL_REQUESTED").await.is_empty());
}
