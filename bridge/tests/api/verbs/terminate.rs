//! Termination as a verb of its own.

use serde_json::{Value, json};

use super::super::problem_of;
use super::Scene;

#[tokio::test]
async fn a_terminated_workflow_tells_who_ended_it_and_why() {
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
