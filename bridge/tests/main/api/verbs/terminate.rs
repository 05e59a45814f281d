//! Termination.

use serde_json::{Value, json};

use super::super::problem_of;
use super::{Scene, start, task_queue};

#[tokio::test]
async fn a_terminated_workflow_has_the_caller_and_the_reason() {
    let scene = Scene::new("Stubborn").await;
    let body = json!({"spec": {"reason": "enough", "details": [{"ticket": 7}]}});
    let request = scene.request("terminate", &body).header("X-Forwarded-User", "alice");
    let ended = request.header("Prefer", "return=representation").send().await.unwrap();
    assert_eq!(ended.status(), 200);
    let report: Value = ended.json().await.unwrap();
    assert_eq!(
        report,
        json!({
            "workflowID": scene.workflow_id, "runID": scene.run_id, "workflowState": "Terminated", "stopped": true,
            "pendingActivities": [],
        })
    );
    let [event] = scene.events("WORKFLOW_EXECUTION_TERMINATED").await.try_into().unwrap();
    let event = &event["workflowExecutionTerminatedEventAttributes"];
    assert_eq!(event["reason"], "enough");
    assert!(event["identity"].as_str().unwrap().starts_with("alice via "), "{event}");
    problem_of(scene.post("terminate", json!({})).await, 409, "workflow_closed").await;
}

/// A link or a typed URL names its workflow, and no other workflow is affected.
#[tokio::test]
async fn only_the_workflow_that_the_query_names_is_terminated() {
    let scene = Scene::new("Stubborn").await;
    let (other, run_id) = start(scene.temporal, "Stubborn", task_queue(scene.temporal)).await;
    let body = json!({"spec": {"workflowID": scene.workflow_id}});
    let ended = scene.request(&format!("terminate?workflowID={other}&runID={run_id}"), &body);
    let ended = ended.header("Prefer", "return=representation").send().await.unwrap();
    let report: Value = ended.json().await.unwrap();
    assert_eq!((&report["workflowID"], &report["workflowState"]), (&json!(other), &json!("Terminated")));
    let refused = scene.request("terminate?workflowId=x", &json!({})).send().await.unwrap();
    assert_eq!(problem_of(refused, 400, "invalid_parameter").await["parameter"], "workflowId");
    // The intent's own workflow is still running.
    assert_eq!(scene.post("terminate", json!({})).await.status(), 204);
}
