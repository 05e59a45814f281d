//! `cargo xtask compliance` as a person runs it.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::process::{Command, Output};

use harness::{Process, TemporalServer, free_port, program};
use serde_json::Value;

fn compliance(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).arg("compliance").args(args).output().unwrap()
}

#[tokio::test]
async fn a_client_is_asked_and_each_clause_reported() {
    let temporal = TemporalServer::shared().await.unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    let mut client = Process::builder(program("sample-client").unwrap())
        .env("CLIENT_LISTEN", &address)
        .env("TEMPORAL_ADDRESS", temporal.address())
        .spawn()
        .unwrap();
    let url = format!("http://{address}");
    client.wait_ready(&format!("{url}/readyz")).await.unwrap();

    let told = compliance(&[&url]);
    let text = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success(), "{told:?}");
    assert!(
        text.contains("passed  path") && text.ends_with("passed, 0 failed, 4 not applicable\n"),
        "{text}"
    );

    let told = compliance(&[&url, "--client", "nobody", "--json"]);
    assert_eq!(told.status.code(), Some(1), "{told:?}");
    let report: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!((&report["client"], &report["clauses"][0]["outcome"]), (&"nobody".into(), &"failed".into()));
    assert!(report["clauses"][0]["seen"].as_str().unwrap().contains("404"), "{report}");
}

#[test]
fn a_spec_that_cannot_be_read_is_named() {
    let told = compliance(&["http://127.0.0.1:1", "--spec", "/nowhere.json"]);
    let text = String::from_utf8_lossy(&told.stderr);
    assert!(!told.status.success() && text.contains("/nowhere.json"), "{text}");
}
