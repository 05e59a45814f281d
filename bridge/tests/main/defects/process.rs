//! The process and its package: defects 20, 22, 23, 25, 26 and 28.

use std::path::Path;
use std::time::Duration;

use ::http::StatusCode;
use harness::{Process, SAMPLE_INTENT, eventually, free_port, http, sample_intent};
use reqwest::Method;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::{Answer, Served, running};
use crate::api::{SOON, ScriptedClient, unique};

#[tokio::test]
async fn d20_no_payload_or_header_is_logged() {
    let temporal = harness::TemporalServer::shared().await.unwrap();
    let bridge =
        Served::with(temporal.address(), |process| process.env("LOG_LEVEL", "info,bridge=trace")).await;
    let client = ScriptedClient::emco().await;
    let id = unique("d20");
    let mut intent = sample_intent("127.0.0.1", client.port, "http://secret-in-a-parameter");
    intent["spec"]["temporal"]["workflowStartOptions"]["id"] = id.as_str().into();
    intent["spec"]["temporal"]["workflowStartOptions"]["memo"] =
        serde_json::json!({"note": "secret-in-a-memo"});
    running(temporal, &id).await;

    let send = async |method: Method, below: &str, body: String| {
        let request = bridge.request(method, below).header("Authorization", "Bearer secret-in-a-header");
        Answer::of(request.body(body).send().await.unwrap()).await.status
    };
    assert_eq!(send(Method::POST, "", intent.to_string()).await, 201);
    assert_eq!(send(Method::POST, "", intent.to_string()).await, 409);
    assert_eq!(send(Method::POST, "", "\"secret-in-a-wrong-body\"".to_owned()).await, 422);
    let path = format!("/{SAMPLE_INTENT}");
    assert_eq!(send(Method::GET, &path, String::new()).await, 200);
    assert_eq!(send(Method::POST, &format!("{path}/start"), String::new()).await, 204);
    let cancel =
        r#"{"spec":{"terminate":true,"reason":"secret-in-a-reason","details":["secret-in-details"]}}"#;
    assert_eq!(send(Method::POST, &format!("{path}/cancel"), cancel.to_owned()).await, 204);
    let log = bridge.process.log();
    assert!(log.contains("/cancel"), "the access log is there: {log}");
    assert!(!log.contains("secret-in"), "{log}");
}

#[tokio::test]
async fn d22_metrics_name_the_bridge() {
    let metrics = Served::alone().await.metrics().await;
    let build: Vec<_> = metrics.lines().filter(|line| line.starts_with("build_info{")).collect();
    assert!(build.len() == 1 && build[0].contains(r#"program="bridge""#), "{build:?}");
    assert!(!metrics.contains("orchestrator"), "{metrics}");
}

#[tokio::test]
async fn d23_the_chart_exposes_what_listens() {
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/bridge");
    let rendered = harness::helm()
        .unwrap()
        .args(["template", "emco"])
        .arg(chart)
        .args(["--set", "temporal.server=temporal,service.type=NodePort,insecure=true"])
        .output()
        .unwrap();
    assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
    let manifests = String::from_utf8(rendered.stdout).unwrap();
    let of_kind = |kind: &str| {
        let line = format!("\nkind: {kind}\n");
        manifests.split("\n---\n").find(|manifest| manifest.contains(&line)).unwrap().to_owned()
    };
    let ports = |manifest: &str| -> Vec<(String, String)> {
        let lines = manifest.lines().filter_map(|line| line.trim().trim_start_matches("- ").split_once(": "));
        let ports =
            lines.filter(|(key, _)| ["port", "containerPort", "targetPort", "nodePort"].contains(key));
        ports.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    };
    let exposed: Vec<_> =
        ports(&of_kind("Service")).into_iter().chain(ports(&of_kind("Deployment"))).collect();
    assert!(exposed.len() >= 4, "{exposed:?}");
    for (key, value) in exposed {
        assert!(["9095", "30495", "http"].contains(&value.as_str()), "{key}: {value}");
    }
    assert!(of_kind("ConfigMap").contains(r#"BRIDGE_LISTEN: ":9095""#), "{manifests}");
}

#[tokio::test]
async fn d25_a_create_succeeds_wherever_the_process_runs() {
    let (directory, port) = (tempfile::tempdir().unwrap(), free_port());
    let url = format!("http://127.0.0.1:{port}");
    let mut process = Process::builder("sh")
        .args(["-c", r#"cd "$0" && exec "$1" serve"#])
        .arg(directory.path())
        .arg(env!("CARGO_BIN_EXE_bridge"))
        .env("BRIDGE_LISTEN", format!("127.0.0.1:{port}"))
        .spawn()
        .unwrap();
    process.wait_ready(&format!("{url}/readyz")).await.unwrap();
    let intents = format!("{url}{}/temporal-workflow-intents", harness::SAMPLE_DIG);
    let intent = sample_intent("client", 9090, "http://emco").to_string();
    let created = http().post(intents).body(intent).send().await.unwrap();
    assert_eq!(created.status(), 201);
    assert!(directory.path().join("bridge.db").is_file(), "what it keeps is where it runs");
}

#[tokio::test]
async fn d26_the_api_is_documented() {
    let bridge = Served::alone().await;
    let document = http().get(format!("{}/openapi.json", bridge.url)).send().await.unwrap();
    let document: Value = document.json().await.unwrap();
    let intents = "/v2/projects/{project}/composite-apps/{compositeApp}/{compositeAppVersion}\
                   /deployment-intent-groups/{deploymentIntentGroup}/temporal-workflow-intents";
    // The routes of workflowmgr (EMCO-API §1.1).
    for (path, methods) in [
        ("", ["post", "get"].as_slice()),
        ("/{workflowIntent}", &["get", "delete"]),
        ("/{workflowIntent}/start", &["post"]),
        ("/{workflowIntent}/status", &["get"]),
        ("/{workflowIntent}/cancel", &["post"]),
    ] {
        for method in methods {
            let operation = &document["paths"][format!("{intents}{path}")][method];
            assert!(operation["responses"].is_object(), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn d28_sigterm_lets_requests_finish() {
    static GATE: Semaphore = Semaphore::const_new(0);
    let mut bridge = Served::alone().await;
    let client = ScriptedClient::start(|| async {
        let _open = GATE.acquire().await;
        StatusCode::NO_CONTENT
    })
    .await;
    bridge.create("w", client.port).await;
    let caller = tokio::spawn(bridge.request(Method::POST, &format!("/{SAMPLE_INTENT}/start")).send());
    eventually(SOON, "the start is under way", async || client.asked().len() == 1).await;
    bridge.process.terminate().unwrap();
    eventually(SOON, "nobody new is served", async || {
        http().get(format!("{}/readyz", bridge.url)).send().await.map_or(true, |ready| ready.status() == 503)
    })
    .await;
    GATE.add_permits(1);
    assert_eq!(caller.await.unwrap().unwrap().status(), 204);
    let status = bridge.process.wait_exit(Duration::from_secs(20)).await.unwrap();
    assert!(status.success(), "{status}\n{}", bridge.process.log());
}
