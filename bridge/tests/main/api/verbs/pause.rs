//! Pausing.

use harness::{SAMPLE_INTENT, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use super::super::engine::ScriptedEngine;
use super::super::{Api, SOON, header, problem_of};
use super::Scene;

#[tokio::test]
async fn a_paused_workflow_is_paused_in_every_response() {
    let scene = Scene::new("Obedient").await;
    assert_eq!(scene.level().await, 0);
    let paused = scene.request("pause", &json!({"spec": {"reason": "maintenance"}}));
    let paused = paused.header("Prefer", "return=representation").header("X-Forwarded-User", "alice");
    let paused = paused.send().await.unwrap();
    assert_eq!(
        (paused.status().as_u16(), header(&paused, "preference-applied")),
        (200, "return=representation")
    );
    assert_eq!(paused.json::<Value>().await.unwrap()["workflowState"], "Paused");
    let [event] = scene.events("WORKFLOW_EXECUTION_PAUSED").await.try_into().unwrap();
    let event = &event["workflowExecutionPausedEventAttributes"];
    assert_eq!(event["reason"], "maintenance");
    assert!(event["identity"].as_str().unwrap().starts_with("alice via "), "{event}");

    let waited = scene.api.status_of_sample("waitForResult=true&timeout=1").await;
    assert_eq!(waited.status(), 202);
    assert_eq!(waited.json::<Value>().await.unwrap()["workflowState"], "Paused");
    let problem =
        problem_of(scene.post("query", json!({"type": "level"})).await, 409, "query_rejected").await;
    assert!(problem["detail"].as_str().unwrap().contains("the run is Paused"), "{problem}");
    let stopping = scene.post("cancel?wait=1s", json!({})).await;
    assert_eq!(stopping.status(), 202);
    let report: Value = stopping.json().await.unwrap();
    assert_eq!((&report["workflowState"], &report["stopped"]), (&json!("Paused"), &json!(false)));

    assert_eq!(scene.post("unpause", json!({})).await.status(), 204);
    eventually(SOON, "the workflow is cancelled", async || {
        let status: Value = scene.api.status_of_sample("").await.json().await.unwrap();
        status["workflowState"] == "Canceled"
    })
    .await;
    problem_of(scene.post("pause", json!({})).await, 409, "workflow_closed").await;
}

#[tokio::test]
async fn a_stream_reports_pauses() {
    let scene = Scene::new("Obedient").await;
    let stream = scene.api.request(Method::GET, &format!("/{SAMPLE_INTENT}/status?historyFilter=closeEvent"));
    let mut stream = stream.header("Accept", "text/event-stream").send().await.unwrap();
    for (verb, state) in
        [("", "Running"), ("pause", "Paused"), ("unpause", "Running"), ("terminate", "Terminated")]
    {
        if !verb.is_empty() {
            assert_eq!(scene.post(verb, json!({})).await.status(), 204);
        }
        let wanted = format!("\"workflowState\":\"{state}\"");
        let mut text = String::new();
        while !text.contains(&wanted) {
            let chunk = stream.chunk().await.unwrap().expect("the stream goes on");
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
    }
}

#[tokio::test]
async fn an_engine_that_cannot_pause_is_reported() {
    let api = Api::on_engine(ScriptedEngine::default()).await;
    api.create_sample(9090).await;
    assert_eq!(api.post(&format!("/{SAMPLE_INTENT}/pause"), "").await.status(), 204);
    let problem =
        problem_of(api.post(&format!("/{SAMPLE_INTENT}/unpause"), "").await, 501, "pause_off").await;
    assert!(problem["detail"].as_str().unwrap().contains("it is too old"), "{problem}");
}
