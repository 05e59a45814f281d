//! Starting workflows: defects 13 to 15, 24 and 27.

use std::time::{Duration, Instant};

use ::http::StatusCode;
use harness::{SAMPLE_INTENT, sample_intent};
use reqwest::Method;
use serde_json::json;

use super::{Answer, Served};
use crate::api::ScriptedClient;

#[tokio::test]
async fn d13_a_start_is_bounded_and_any_success_counts() {
    for status in [StatusCode::OK, StatusCode::CREATED, StatusCode::ACCEPTED, StatusCode::NO_CONTENT] {
        let bridge = Served::alone().await;
        let client = ScriptedClient::start(move || async move { status }).await;
        bridge.create("w", client.port).await;
        assert_eq!(bridge.start_sample().await.status, 204, "{status}");
    }
    let nowhere = format!("127.0.0.1:{}", harness::free_port());
    let bridge = Served::with(&nowhere, |process| process.env("BRIDGE_START_TIMEOUT", "300ms")).await;
    let client = ScriptedClient::start(std::future::pending::<StatusCode>).await;
    bridge.create("w", client.port).await;
    let asked = Instant::now();
    let late = bridge.start_sample().await;
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    assert!(late.status >= 500, "{late:?}");
    assert_eq!(late.json()["code"], "start_outcome_unknown");
}

#[tokio::test]
async fn d14_a_start_reports_its_run_and_takes_a_key() {
    let bridge = Served::alone().await;
    let client = ScriptedClient::ours("migrate-apps-1", "run-1").await;
    bridge.create("migrate-apps-1", client.port).await;
    let start = async || {
        let request = bridge.request(Method::POST, &format!("/{SAMPLE_INTENT}/start"));
        Answer::of(request.header("Idempotency-Key", "key-1").send().await.unwrap()).await
    };
    let started = start().await;
    assert_eq!(started.status, 204);
    assert_eq!(started.headers["workflow-id"], "migrate-apps-1");
    assert_eq!(started.headers["run-id"], "run-1");
    assert_eq!(client.asked_once().headers["idempotency-key"], "key-1");
    // With the same key, it is the same start: the client is not called again.
    assert_eq!(start().await.headers["run-id"], "run-1");
    client.asked_once();
}

#[tokio::test]
async fn d15_a_client_name_cannot_change_the_url() {
    let bridge = Served::alone().await;
    for name in ["../admin", "a/b", "a?b=c", "a#b", "a%2fb", "a b"] {
        let mut intent = sample_intent("client", 9090, "http://emco");
        intent["spec"]["temporal"]["workflowClientName"] = name.into();
        let problem = bridge.post("", intent.to_string()).await.problem(422, "invalid_intent");
        assert_eq!(problem["faults"][0]["path"], "$.spec.temporal.workflowClientName", "{name}");
    }
}

#[tokio::test]
async fn d24_the_policy_controller_gets_its_201() {
    let bridge = Served::alone().await;
    let client = ScriptedClient::ours("w", "run-1").await;
    bridge.create("w", client.port).await;
    let path = format!("/{SAMPLE_INTENT}/start?successStatus=201");
    assert_eq!(bridge.post(&path, "").await.status, 201);
    assert_eq!(bridge.start_sample().await.status, 204);

    // The policy controller cannot request it, so the operator sets it for this caller.
    let nowhere = format!("127.0.0.1:{}", harness::free_port());
    let rule = "Go-http-client/*=201";
    let bridge = Served::with(&nowhere, |process| process.env("BRIDGE_SUCCESS_STATUS", rule)).await;
    bridge.create("w", client.port).await;
    let start = bridge.request(Method::POST, &format!("/{SAMPLE_INTENT}/start"));
    let policy = start.header("User-Agent", "Go-http-client/1.1").header("Content-Type", "application/json");
    assert_eq!(policy.send().await.unwrap().status(), 201);
    assert_eq!(bridge.start_sample().await.status, 204);
}

#[tokio::test]
async fn d27_every_start_is_on_record() {
    let bridge = Served::alone().await;
    let client = ScriptedClient::ours("w", "run-1").await;
    bridge.create("w", client.port).await;
    assert_eq!(bridge.start_sample().await.status, 204);
    let runs = bridge.get(&format!("/{SAMPLE_INTENT}/runs")).await.json();
    let [run] = runs.as_array().unwrap().as_slice() else { panic!("{runs}") };
    assert_eq!((&run["workflowID"], &run["runID"]), (&json!("w"), &json!("run-1")));
}
