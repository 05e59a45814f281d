//! The executable `emco-stand-in`.

use std::process::Stdio;
use std::time::Duration;

use emco::{Client, StatusQuery};
use emco_stand_in::samples;
use harness::eventually;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::support::{quick, raw, send};

const PATIENCE: Duration = Duration::from_secs(10);

/// Starts the program and returns its URL.
async fn start(arguments: &[&str]) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_emco-stand-in"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    (child, ready["url"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_samples_settle_in_their_time_and_sigterm_ends_it() {
    let (mut child, url) = start(&["--load", "samples", "--settle-time", "20ms"]).await;
    let emco = Client::new(&url, quick()).unwrap();
    eventually(PATIENCE, "the samples are ready", async || {
        emco.dig_status(&samples::dig(), &StatusQuery::ready()).await.unwrap().is_ready().then_some(())
    })
    .await;
    let placements = send(raw("GET", format!("{url}/stand-in/placements"))).await;
    let expected = json!([{
        "project": "proj1", "compositeApp": "capp1", "compositeAppVersion": "v1", "deploymentIntentGroup": "dig1",
        "apps": {"collectd": ["provider1/cluster1"]},
    }]);
    assert_eq!(serde_json::from_str::<Value>(&placements.body).unwrap(), expected);

    let pid = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    assert!(timeout(PATIENCE, child.wait()).await.unwrap().unwrap().success());
}

#[tokio::test]
async fn it_ends_with_its_standard_input_when_asked_to() {
    let (mut child, _url) = start(&["--until-stdin-closes"]).await;
    assert!(child.try_wait().unwrap().is_none());
    drop(child.stdin.take());
    assert!(timeout(PATIENCE, child.wait()).await.unwrap().unwrap().success());
}

#[tokio::test]
async fn a_file_is_loaded_with_its_values() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let (file, values) = (format!("{folder}/00-clusters-and-project.yaml"), format!("{folder}/values.yaml"));
    let (_child, url) = start(&["--load", &file, "--values", &values]).await;
    let clusters = Client::new(&url, quick()).unwrap().clusters_with_label("provider1", "edge-cluster").await;
    assert_eq!(clusters.unwrap(), ["cluster1"]);
}

#[tokio::test]
async fn a_document_that_cannot_be_applied_is_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_emco-stand-in"))
        .args(["--load", "/nowhere.yaml"])
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("--load /nowhere.yaml failed"), "{text}");
}
