//! The real Temporal dev server.

use harness::{TemporalOptions, TemporalServer};
use serde_json::Value;

const START: [&str; 8] =
    ["workflow", "start", "--type", "Nobody", "--task-queue", "nobody", "--workflow-id", "kept-1"];
const DESCRIBE: [&str; 4] = ["workflow", "describe", "--workflow-id", "kept-1"];

fn run_id(described: &Value) -> &Value {
    &described["workflowExecutionInfo"]["execution"]["runId"]
}

#[tokio::test]
async fn the_shared_server_answers() {
    let server = TemporalServer::shared().await.unwrap();
    let health = server.cli(&["operator", "cluster", "health"]).await.unwrap();
    assert_eq!(health["status"], "SERVING");
    assert_eq!(server.url(), format!("http://{}", server.address()));
}

#[tokio::test]
async fn a_killed_server_restarts_with_its_database() {
    let mut server = TemporalServer::start().await.unwrap();
    let address = server.address().to_owned();
    let started = server.cli(&START).await.unwrap();

    server.kill().unwrap();
    let error = format!("{:#}", server.cli(&DESCRIBE).await.unwrap_err());
    assert!(error.contains("workflow describe"), "{error}");

    server.restart().await.unwrap();
    assert_eq!(server.address(), address);
    let described = server.cli(&DESCRIBE).await.unwrap();
    assert!(started["runId"].is_string(), "{started}");
    assert_eq!(run_id(&described), &started["runId"]);
}

#[tokio::test]
async fn search_attributes_namespaces_and_ui_are_optional() {
    let server = TemporalOptions {
        ui: true,
        search_attributes: vec![("EmcoProject".to_owned(), "Keyword".to_owned())],
        namespaces: vec!["emco".to_owned()],
        in_memory: true,
    }
    .start()
    .await
    .unwrap();
    let attributes =
        server.cli(&["operator", "search-attribute", "list", "--namespace", "emco"]).await.unwrap();
    assert_eq!(attributes["customAttributes"]["EmcoProject"], "INDEXED_VALUE_TYPE_KEYWORD", "{attributes}");
    let page = harness::http().get(server.ui_url().unwrap()).send().await.unwrap();
    assert!(page.status().is_success());
}
