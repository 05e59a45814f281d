//! The OpenAPI document against a real bridge with a real Temporal server. Schemathesis makes valid and
//! invalid requests from the document, and compares the responses with it. The bridge's own metrics then show
//! that every operation was called.

use std::time::Duration;

use harness::{
    SAMPLE_DIG, SAMPLE_WORKFLOW_ID, TemporalOptions, free_port, http, sample_intent, schemathesis,
};
use serde_json::Value;

use crate::api::ScriptedClient;
use crate::cli::serving;

/// More than `schemathesis.toml` allows, with time to start and report.
const LIMIT: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread")]
async fn every_response_is_as_documented() {
    let temporal = TemporalOptions { in_memory: true, ..TemporalOptions::default() }.start().await.unwrap();
    let client = ScriptedClient::emco().await;
    let directory = tempfile::tempdir().unwrap();
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let mut bridge = serving(port, &directory.path().join("bridge.db"), temporal.address())
        // Generated intents name hosts that do not exist.
        .env("BRIDGE_CLIENT_HOSTS", format!("127.0.0.1:{}", client.port))
        .env("BRIDGE_MAX_WAIT", "100ms")
        .spawn()
        .unwrap();
    bridge.wait_ready(&format!("{url}/readyz")).await.unwrap();

    // The objects in the document's examples.
    let intent = sample_intent("127.0.0.1", client.port, "http://emco").to_string();
    let intents = format!("{url}{SAMPLE_DIG}/temporal-workflow-intents");
    assert_eq!(http().post(&intents).body(intent).send().await.unwrap().status(), 201);
    let start = ["workflow", "start", "--type", "T", "--task-queue", "nobody", "-w", SAMPLE_WORKFLOW_ID];
    temporal.cli(&start).await.unwrap();

    let settings = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemathesis/schemathesis.toml");
    let mut run = schemathesis()
        .unwrap()
        .args(["--config-file", settings, "run", "--no-color", "--url", &url])
        .arg(format!("{url}/openapi.json"))
        .env("HYPOTHESIS_STORAGE_DIRECTORY", directory.path())
        .spawn()
        .unwrap();
    let status = run.wait_exit(LIMIT).await.unwrap();
    assert!(status.success(), "{}", run.log());

    let metrics = http().get(format!("{url}/metrics")).send().await.unwrap().text().await.unwrap();
    for (method, path) in operations() {
        let asked =
            format!(r#"http_server_request_duration_seconds_count{{method="{method}",route="{path}""#);
        assert!(metrics.contains(&asked), "{method} {path} was never asked");
    }
}

/// Returns every operation of the document: method and path.
fn operations() -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&bridge_http::document()).unwrap();
    let of_path = |(path, item): (&String, &Value)| {
        let methods = item.as_object().unwrap().keys().map(|method| method.to_uppercase());
        methods.map(|method| (method, path.clone())).collect::<Vec<_>>()
    };
    document["paths"].as_object().unwrap().iter().flat_map(of_path).collect()
}
