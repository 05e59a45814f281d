//! Signals.

use harness::eventually;
use serde_json::{Value, json};

use super::super::{SOON, fault_paths, header, problem_of};
use super::Scene;

#[tokio::test]
async fn a_signal_reaches_the_workflow_with_its_sender() {
    let scene = Scene::new("Obedient").await;
    let body = json!({"metadata": {"name": ""}, "spec": {"Name": "raise", "args": [2]}});
    let sent = scene.request("signal", &body).header("X-Forwarded-User", "alice").send().await.unwrap();
    assert_eq!((sent.status().as_u16(), sent.text().await.unwrap().as_str()), (204, ""));
    eventually(SOON, "the level is 2", async || scene.level().await == 2).await;
    let [event] = scene.events("WORKFLOW_EXECUTION_SIGNALED").await.try_into().unwrap();
    let identity = event["workflowExecutionSignaledEventAttributes"]["identity"].as_str().unwrap();
    assert!(identity.starts_with("alice via ") && identity.contains('@'), "{identity}");
}

#[tokio::test]
async fn signals_with_one_key_are_one_signal() {
    let scene = Scene::new("Obedient").await;
    let body = json!({"spec": {"name": "raise", "args": [1]}});
    for key in ["one", "one", "two"] {
        let sent = scene.request("signal", &body).header("Idempotency-Key", key).send().await.unwrap();
        assert_eq!(sent.status(), 204);
    }
    assert_eq!(scene.events("WORKFLOW_EXECUTION_SIGNALED").await.len(), 2);
}

#[tokio::test]
async fn a_body_is_answered_where_it_is_preferred() {
    let scene = Scene::new("Obedient").await;
    let body = json!({"spec": {"name": "finish", "more": 1}});
    let sent = scene.request("signal", &body).header("Prefer", "return=representation").send().await.unwrap();
    assert_eq!(sent.status(), 200);
    assert_eq!(header(&sent, "preference-applied"), "return=representation");
    assert_eq!(header(&sent, "warning"), "299 - \"unknown field $.spec.more\"");
    let status: Value = sent.json().await.unwrap();
    assert_eq!((&status["workflowID"], &status["runID"]), (&json!(scene.workflow_id), &json!(scene.run_id)));
}

#[tokio::test]
async fn a_workflow_that_is_closed_or_not_there_takes_no_signal() {
    let scene = Scene::new("Obedient").await;
    assert_eq!(scene.post("terminate", json!({})).await.status(), 204);
    let problem =
        problem_of(scene.post("signal", json!({"name": "raise"})).await, 409, "workflow_closed").await;
    assert_eq!(problem["workflowState"], "Terminated");
    let nobody = json!({"name": "raise", "workflowID": "nobody"});
    problem_of(scene.post("signal", nobody).await, 404, "no_such_workflow").await;
    let elsewhere = json!({"name": "raise", "namespace": "elsewhere"});
    problem_of(scene.post("signal", elsewhere).await, 403, "namespace_not_allowed").await;
}

#[tokio::test]
async fn a_signal_has_a_name() {
    let scene = Scene::new("Obedient").await;
    let problem = problem_of(scene.post("signal", json!({"args": []})).await, 422, "invalid_body").await;
    assert_eq!(fault_paths(&problem), ["$.spec.name"]);
    let problem =
        problem_of(scene.post("signal", json!({"name": 1, "args": 2})).await, 422, "invalid_body").await;
    assert_eq!(fault_paths(&problem), ["$.spec.name", "$.spec.args"]);
}
