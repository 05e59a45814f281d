//! The program `bridge`: its settings, its end, its memory.

mod audit;
mod callers;
mod crash;
mod disk;
mod escalation;
mod intent;
mod rights;
mod rotation;
mod seals;
mod settings;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use harness::{Process, ProcessBuilder, SAMPLE_DIG, SAMPLE_INTENT, free_port, http, sample_intent};

use crate::api::ScriptedClient;
use crate::rights::everything;

fn bridge() -> Command {
    Command::new(env!("CARGO_BIN_EXE_bridge"))
}

/// Starts `bridge serve` on this port, with this database and Temporal.
pub(crate) fn serving(port: u16, database: &Path, temporal: &str) -> ProcessBuilder {
    configured(Process::builder(env!("CARGO_BIN_EXE_bridge")).arg("serve"), port, database, temporal)
}

/// Sets the port, the database and the Temporal of a `bridge serve`.
fn configured(program: ProcessBuilder, port: u16, database: &Path, temporal: &str) -> ProcessBuilder {
    program
        .env("BRIDGE_LISTEN", format!("127.0.0.1:{port}"))
        .env("BRIDGE_DATABASE", format!("sqlite://{}", database.display()))
        // In most tests there is no workflow client.
        .env("BRIDGE_CLIENT_CHECK", "0s")
        .env("BRIDGE_TRUSTED_PROXIES", "127.0.0.1")
        .env("BRIDGE_ANONYMOUS_NETWORKS", "127.0.0.1")
        .env("BRIDGE_RIGHTS", everything())
        .env("TEMPORAL_ADDRESS", temporal)
}

#[test]
fn it_prints_its_openapi_document() {
    let output = bridge().arg("openapi").output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), bridge_http::document());
}

#[test]
fn a_wrong_variable_ends_it_by_name() {
    for (variable, value) in [
        ("BRIDGE_LISTEN", "nowhere"),
        ("BRIDGE_DATABASE", "mysql://host"),
        ("BRIDGE_CLIENT_HOSTS", "http://host"),
        ("BRIDGE_TEMPORAL_SERVERS", "a b"),
        ("BRIDGE_START_TIMEOUT", "soon"),
        ("TEMPORAL_ADDRESS", "host/path"),
    ] {
        let output = bridge().arg("serve").env(variable, value).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(variable), "{text}");
    }
}

#[test]
fn a_database_that_cannot_be_used_ends_it_by_name() {
    let output = bridge()
        .arg("serve")
        .env("BRIDGE_LISTEN", "127.0.0.1:0")
        .env("BRIDGE_DATABASE", "sqlite:///proc/no/such/bridge.db")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("BRIDGE_DATABASE cannot be used"), "{text}");
}

#[tokio::test]
async fn proxies_of_the_environment_are_not_used() {
    let directory = tempfile::tempdir().unwrap();
    let (port, client) = (free_port(), ScriptedClient::ours("w", "r").await);
    let nowhere = format!("127.0.0.1:{}", free_port());
    let mut process = serving(port, &directory.path().join("bridge.db"), &nowhere)
        .env("http_proxy", format!("http://{nowhere}"))
        .env("all_proxy", format!("http://{nowhere}"))
        .env("no_proxy", "")
        .spawn()
        .unwrap();
    let url = format!("http://127.0.0.1:{port}");
    process.wait_ready(&format!("{url}/readyz")).await.unwrap();
    let intents = format!("{url}{SAMPLE_DIG}/temporal-workflow-intents");
    let body = sample_intent("127.0.0.1", client.port, "http://emco").to_string();
    assert_eq!(http().post(&intents).body(body).send().await.unwrap().status(), 201);
    let started = http().post(format!("{intents}/{SAMPLE_INTENT}/start")).send().await.unwrap();
    assert_eq!(started.status(), 204);
    client.asked_once();
}

#[tokio::test]
async fn intents_outlive_a_kill_and_an_orderly_end() {
    let directory = tempfile::tempdir().unwrap();
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let nowhere = format!("127.0.0.1:{}", free_port());
    let mut process = serving(port, &directory.path().join("bridge.db"), &nowhere).spawn().unwrap();
    process.wait_ready(&format!("{url}/readyz")).await.unwrap();
    let intents = format!("{url}{SAMPLE_DIG}/temporal-workflow-intents");
    let body = sample_intent("client", 9090, "http://emco").to_string();
    let created = http().post(&intents).body(body).send().await.unwrap();
    assert_eq!(created.status(), 201);
    let document = created.text().await.unwrap();

    process.kill().unwrap();
    process.restart().unwrap();
    process.wait_ready(&format!("{url}/readyz")).await.unwrap();
    process.terminate().unwrap();
    let status = process.wait_exit(Duration::from_secs(10)).await.unwrap();
    assert!(status.success(), "{status}\n{}", process.log());
    process.restart().unwrap();
    process.wait_ready(&format!("{url}/readyz")).await.unwrap();

    let read = http().get(format!("{intents}/{SAMPLE_INTENT}")).send().await.unwrap();
    assert_eq!(read.text().await.unwrap(), document);
    // The log has no payload of an intent.
    assert!(!process.log().contains("MIGRATION_TASK_Q"), "{}", process.log());
}
