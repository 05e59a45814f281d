//! Storing intents: defects 11, 12, 16, 17 and 21.

use ::http::StatusCode;
use harness::{SAMPLE_INTENT, sample_intent};
use reqwest::Method;
use serde_json::json;

use super::{Answer, Served};
use crate::api::ScriptedClient;

#[tokio::test]
async fn d11_each_failure_has_its_status() {
    let bridge = Served::alone().await;
    for path in ["/absent", "/absent/status"] {
        bridge.get(path).await.problem(404, "no_such_intent");
    }
    for path in ["/absent/start", "/absent/cancel"] {
        bridge.post(path, "{}").await.problem(404, "no_such_intent");
    }
    let delete = bridge.request(Method::DELETE, "/absent").send().await.unwrap();
    Answer::of(delete).await.problem(404, "no_such_intent");

    bridge.create("w", harness::free_port()).await;
    let again = sample_intent("client", 9090, "http://emco").to_string();
    bridge.post("", again).await.problem(409, "intent_exists");
    bridge.start_sample().await.problem(502, "client_unreachable");
    bridge.status_of_sample("").await.problem(503, "temporal_unavailable");
    bridge.cancel_sample("{}").await.problem(503, "temporal_unavailable");

    let emco =
        ScriptedClient::start(|| async { (StatusCode::NOT_FOUND, "DeploymentIntentGroup not found\n") })
            .await;
    let url = format!("http://127.0.0.1:{}", emco.port);
    let nowhere = format!("127.0.0.1:{}", harness::free_port());
    let bridge = Served::with(&nowhere, |process| process.env("BRIDGE_EMCO_URL", url)).await;
    let orphan = sample_intent("client", 9090, "http://emco").to_string();
    bridge.post("", orphan).await.problem(404, "no_such_deployment_intent_group");
}

#[tokio::test]
async fn d12_an_intent_can_be_replaced() {
    let bridge = Served::alone().await;
    bridge.create("w", 9090).await;
    let mut intent = sample_intent("client", 9090, "http://emco");
    intent["spec"]["temporal"]["workflowStartOptions"]["id"] = "another".into();
    let put = bridge.request(Method::PUT, &format!("/{SAMPLE_INTENT}")).body(intent.to_string());
    assert_eq!(put.send().await.unwrap().status(), 200);
    bridge.post("", intent.to_string()).await.problem(409, "intent_exists");
    let kept = bridge.get(&format!("/{SAMPLE_INTENT}")).await.json();
    assert_eq!(kept["spec"]["temporal"]["workflowStartOptions"]["ID"], "another");
}

#[tokio::test]
async fn d16_an_empty_spec_is_refused() {
    let bridge = Served::alone().await;
    let refused = bridge.post("", r#"{"metadata":{"name":"empty"}}"#).await;
    let problem = refused.problem(422, "invalid_intent");
    assert_eq!(problem["faults"].as_array().unwrap().len(), 5, "{problem}");
    assert_eq!(bridge.get("").await.text, "[]\n");
}

#[tokio::test]
async fn d17_activity_options_need_no_retry_policy() {
    let bridge = Served::alone().await;
    let client = ScriptedClient::ours("w", "r").await;
    let mut intent = sample_intent("127.0.0.1", client.port, "http://emco");
    intent["spec"]["temporal"]["workflowParams"]["activityOptions"] =
        json!({"all-activities": {"startToCloseTimeout": 60_000_000_000_u64}});
    let created = bridge.post("", intent.to_string()).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(bridge.start_sample().await.status, 204);
    // The client gets an explicit null.
    let sent: serde_json::Value = serde_json::from_slice(&client.asked_once().body).unwrap();
    assert_eq!(sent["workflowParams"]["activityOptions"]["all-activities"]["RetryPolicy"], json!(null));
}

#[tokio::test]
async fn d21_of_many_creates_one_wins() {
    let bridge = Served::alone().await;
    let creates = (0..16).map(|number| {
        let intent = sample_intent(&format!("client-{number}"), 9090, "http://emco").to_string();
        tokio::spawn(bridge.request(Method::POST, "").body(intent).send())
    });
    let (mut created, mut refused) = (Vec::new(), 0);
    for create in creates.collect::<Vec<_>>() {
        let answer = Answer::of(create.await.unwrap().unwrap()).await;
        match answer.status {
            201 => created.push(answer.json()),
            409 => refused += 1,
            _ => panic!("{answer:?}"),
        }
    }
    assert_eq!((created.len(), refused), (1, 15));
    // The stored intent is the one in the response.
    assert_eq!(bridge.get(&format!("/{SAMPLE_INTENT}")).await.json(), created[0]);
}
