//! JSON of many levels, which Go's decoder accepts, on all its ways through the bridge.

use reqwest::Method;
use serde_json::json;
use workflow_api::RawJson;

use super::engine::ScriptedEngine;
use super::our_client::OurClient;
use super::{Api, SAMPLE_INTENT, ScriptedClient, problem_of, sample_intent, unique};

/// Go accepts 10,000 levels, and the memo's value is five levels down.
const MOST: usize = 9_995;

fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

/// Returns the sample intent with a value of this many levels in its memo.
fn intent(client_port: u16, workflow_id: &str, levels: usize) -> String {
    let mut intent = sample_intent("127.0.0.1", client_port, "http://emco");
    let options = &mut intent["spec"]["temporal"]["workflowStartOptions"];
    options["id"] = workflow_id.into();
    options["memo"] = json!({"deep": "HERE"});
    intent.to_string().replace(r#""HERE""#, &nested(levels))
}

#[tokio::test]
async fn a_deep_intent_is_stored_returned_and_started() {
    let (api, temporal) = Api::on_temporal().await;
    let (client, id) = (OurClient::start(temporal.address()).await, unique("deep"));
    let deep = format!(r#""Memo":{{"deep":{}}}"#, nested(MOST));
    let created = api.post("", intent(client.port, &id, MOST)).await;
    assert_eq!(created.status(), 201);
    assert!(created.text().await.unwrap().contains(&deep));
    assert_eq!(api.start_sample().await.status(), 204);
    for below in ["", "/revisions/1", "/start?dryRun=All"] {
        let method = if below.starts_with("/start") { Method::POST } else { Method::GET };
        let answer = api.request(method, &format!("/{SAMPLE_INTENT}{below}")).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{below}");
        assert!(answer.text().await.unwrap().contains(&deep), "{below}");
    }
    assert!(api.get("").await.text().await.unwrap().contains(&deep));
    let put = api.request(Method::PUT, &format!("/{SAMPLE_INTENT}"));
    assert_eq!(put.body(intent(client.port, &id, 2)).send().await.unwrap().status(), 200);
    let rolled_back = api.post(&format!("/{SAMPLE_INTENT}/rollback"), r#"{"spec":{"revision":"1"}}"#).await;
    assert!(rolled_back.text().await.unwrap().contains(&deep));
    assert_eq!(api.status_of_sample("runDescribeWfExec=true&getWfHistory=true").await.status(), 200);
}

#[tokio::test]
async fn a_workflow_client_is_sent_every_level() {
    let client = ScriptedClient::emco().await;
    let api = Api::new().await;
    assert_eq!(api.post("", intent(client.port, "deep", MOST)).await.status(), 201);
    assert_eq!(api.start_sample().await.status(), 204);
    let asked = client.asked().pop().unwrap();
    assert!(String::from_utf8(asked.body.to_vec()).unwrap().contains(&nested(MOST)));
}

#[tokio::test]
async fn verbs_pass_every_level_on() {
    let engine = ScriptedEngine::default();
    let orders = std::sync::Arc::clone(&engine.orders);
    let api = Api::on_engine(engine).await;
    api.create_sample(9090).await;
    let body = format!(r#"{{"spec":{{"terminate":true,"details":{}}}}}"#, nested(9_998));
    assert_eq!(api.post(&format!("/{SAMPLE_INTENT}/cancel"), body).await.status(), 204);
    let details = orders.lock().unwrap()[0].details.as_ref().map(RawJson::as_str).map(str::to_owned);
    assert_eq!(details, Some(nested(9_998)));

    let query = format!("queryType=q&queryParams={}", nested(9_000));
    assert_eq!(api.status_of_sample(&query).await.status(), 200);
}

#[tokio::test]
async fn more_levels_are_no_json_on_any_route() {
    let api = Api::on_engine(ScriptedEngine::default()).await;
    api.create_sample(9090).await;
    let bodies = [intent(9090, "deep", MOST + 1), "[".repeat(2 << 20), nested(1 << 20)];
    for below in ["", "start", "rollback", "cancel", "terminate", "signal", "query", "update", "reset"] {
        let below = if below.is_empty() { String::new() } else { format!("/{SAMPLE_INTENT}/{below}") };
        for body in &bodies {
            problem_of(api.post(&below, body.clone()).await, 400, "not_json").await;
        }
    }
}
