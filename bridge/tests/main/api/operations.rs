//! Routes for operators: health and metrics.

use harness::http;
use serde_json::Value;

use super::client::ScriptedClient;
use super::{Api, problem_of};

#[tokio::test]
async fn it_is_ready_though_temporal_is_away() {
    let api = Api::new().await;
    let get = |path: &str| http().get(format!("{}{path}", api.url)).send();
    assert_eq!(get("/healthz").await.unwrap().status(), 200);
    let ready = get("/readyz").await.unwrap();
    assert_eq!(ready.status(), 200);
    let report: Value = ready.json().await.unwrap();
    assert_eq!(report["checks"][0]["name"], "database");
}

#[tokio::test]
async fn without_its_database_it_reports_that_it_is_not_ready() {
    let api = Api::new().await;
    api.parts.store.close().await;
    let ready = http().get(format!("{}/readyz", api.url)).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    let list = api.get("").await;
    assert!(list.headers().contains_key("retry-after"));
    let problem = problem_of(list, 503, "database_unavailable").await;
    // The causes are for the log.
    assert_eq!(problem["detail"], "the database could not list intents");
}

#[tokio::test]
async fn starts_are_counted_by_outcome() {
    let api = Api::new().await;
    let client = ScriptedClient::ours("w", "r").await;
    api.create_sample(client.port).await;
    api.start_sample().await;
    let metrics = http().get(format!("{}/metrics", api.url)).send().await.unwrap().text().await.unwrap();
    let labels = r#"project="proj1",composite_app="capp1",composite_app_version="v1",deployment_intent_group="dig1",intent="dig1-workflow-intent",outcome="started""#;
    assert!(metrics.contains(&format!("bridge_starts_total{{{labels}}}")), "{metrics}");
}
