//! `bridge audit`, beside a bridge that runs.

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use harness::{SAMPLE_DIG, eventually, free_port, http, sample_intent};
use serde_json::Value;
use sqlx::SqlitePool;

use super::{bridge, serving};

const SOON: Duration = Duration::from_secs(20);

fn audit(database: &Path, arguments: &[&str]) -> Output {
    let url = format!("sqlite://{}", database.display());
    bridge().arg("audit").args(arguments).env("BRIDGE_DATABASE", url).env("USER", "carol").output().unwrap()
}

/// Returns the exit code, and what was printed.
pub(super) fn verify(database: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = audit(database, &[&["verify"], arguments].concat());
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn the_audit_of_a_running_bridge_is_exported_and_verified() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let (database, key, public) = (path("bridge.db"), path("audit.pem"), path("audit.pub"));
    let made = bridge().args(["audit", "keygen"]).arg(&key).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    std::fs::write(&public, &made.stdout).unwrap();
    assert!(!bridge().args(["audit", "keygen"]).arg(&key).output().unwrap().status.success());

    let port = free_port();
    let nowhere = format!("127.0.0.1:{}", free_port());
    let mut process = serving(port, &database, &nowhere)
        .env("BRIDGE_AUDIT_KEY", key.display().to_string())
        .env("LOG_FORMAT", "json")
        .spawn()
        .unwrap();
    let url = format!("http://127.0.0.1:{port}");
    process.wait_ready(&format!("{url}/readyz")).await.unwrap();
    let intents = format!("{url}{SAMPLE_DIG}/temporal-workflow-intents");
    let body = sample_intent("client", 9090, "http://emco").to_string();
    let created = http().post(&intents).header("X-Forwarded-User", "alice").body(body).send().await.unwrap();
    assert_eq!(created.status(), 201);

    let exported = String::from_utf8(audit(&database, &["export"]).stdout).unwrap();
    let events: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let text = |event: &Value, pointer: &str| event.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let seen: Vec<_> = events
        .iter()
        .map(|line| [text(line, "/event/verb"), text(line, "/event/actor/name")].join(" by "))
        .collect();
    assert_eq!(seen, ["create by alice", "export-audit by carol"]);

    let by_key = ["--key", public.to_str().unwrap()];
    eventually(SOON, "both are sealed", async || {
        let (code, text) = verify(&database, &by_key);
        if text.contains(" 2 events under") && code == Some(0) { Ok(()) } else { Err(text) }
    })
    .await;
    // The seals are in the log.
    let log = process.log();
    let seals = log.lines().filter_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        Some(line.get("seal")?.as_str()?.to_owned())
    });
    let seals: Vec<_> = seals.collect();
    let checkpoint = path("seals.jsonl");
    std::fs::write(&checkpoint, seals.join("\n")).unwrap();
    let by_both = [by_key.as_slice(), &["--checkpoint", checkpoint.to_str().unwrap()]].concat();
    let (code, text) = verify(&database, &by_both);
    assert_eq!(code, Some(0), "{text}");

    let pool = SqlitePool::connect(&database.display().to_string()).await.unwrap();
    sqlx::query("UPDATE audit_events SET document = replace(document, 'alice', 'mallory')")
        .execute(&pool)
        .await
        .unwrap();
    let (code, text) = verify(&database, &by_both);
    assert_eq!(code, Some(1), "{text}");
    assert_eq!(text, "The audit is not as it was written: event 1 of batch 1 was changed.\n");
}
