//! Seals of the audit: keys that are replaced, and the webhook.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::routing::post;
use harness::{Mount, Process, SAMPLE_DIG, eventually, free_port, http, sample_intent, under_load};
use serde_json::Value;
use tempfile::TempDir;

use super::audit::verify;
use super::{bridge, serving};

const SOON: Duration = Duration::from_secs(30);

/// A bridge, and its database.
struct Sealing {
    process: Process,
    url: String,
    directory: TempDir,
    created: Mutex<usize>,
}

impl Sealing {
    async fn start(setting: &str, value: &str) -> Self {
        let (port, directory) = (free_port(), tempfile::tempdir().unwrap());
        let program = serving(port, &directory.path().join("bridge.db"), "127.0.0.1:1");
        let process = program.env(setting, value).env("LOG_FORMAT", "json").spawn().unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let mut bridge = Self { process, url, directory, created: Mutex::new(0) };
        bridge.ready().await;
        bridge
    }

    async fn ready(&mut self) {
        self.process.wait_ready(&format!("{}/readyz", self.url)).await.unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Makes an event.
    async fn create(&self) {
        let number = {
            let mut created = self.created.lock().unwrap();
            *created += 1;
            *created
        };
        let mut intent = sample_intent("client", 9090, "http://emco");
        intent["metadata"]["name"] = format!("i{number}").into();
        let intents = format!("{}{SAMPLE_DIG}/temporal-workflow-intents", self.url);
        assert_eq!(http().post(intents).body(intent.to_string()).send().await.unwrap().status(), 201);
    }

    /// Returns the seals in the log.
    fn seals(&self) -> Vec<Value> {
        let log = self.process.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter_map(|line| serde_json::from_str(line.get("seal")?.as_str()?).ok()).collect()
    }

    fn verify(&self, keys: &Path) -> (Option<i32>, String) {
        verify(&self.path("bridge.db"), &["--key", keys.to_str().unwrap()])
    }
}

/// Makes a private and a public key.
fn key(folder: &Path, number: usize) -> (String, String) {
    let file = folder.join(format!("{number}.pem"));
    let made = bridge().args(["audit", "keygen"]).arg(&file).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    (std::fs::read_to_string(file).unwrap(), String::from_utf8(made.stdout).unwrap())
}

#[tokio::test]
async fn the_key_is_replaced_three_times_under_load_and_all_seals_verify() {
    let folder = tempfile::tempdir().unwrap();
    let keys: Vec<_> = (0..4).map(|number| key(folder.path(), number)).collect();
    let mut mount = Mount::new(&[("audit.pem", &keys[0].0)]).unwrap();
    let bridge = Sealing::start("BRIDGE_AUDIT_KEY", mount.path("audit.pem").to_str().unwrap()).await;
    let signers = || -> Vec<String> {
        let mut signers: Vec<_> =
            bridge.seals().iter().map(|seal| seal["key"].as_str().unwrap().to_owned()).collect();
        signers.dedup();
        signers
    };
    let swaps = async {
        eventually(SOON, "the first key signs", async || signers().len() == 1).await;
        for (number, (private, _)) in keys.iter().enumerate().skip(1) {
            mount.swap(&[("audit.pem", private)]).unwrap();
            eventually(SOON, "the next key signs", async || signers().len() == number + 1).await;
        }
        // A key that cannot be used changes nothing.
        mount.swap(&[("audit.pem", "no key")]).unwrap();
        eventually(SOON, "it is seen", async || bridge.process.log().contains("cannot be used")).await;
        let sealed = bridge.seals().len();
        eventually(SOON, "the last key goes on", async || bridge.seals().len() > sealed + 1).await;
    };
    let (_, requests) = under_load(async || bridge.create().await, swaps).await;
    assert_eq!(signers().len(), keys.len());
    let write = |name: &str, of: &[usize]| {
        let file = bridge.path(name);
        std::fs::write(&file, of.iter().map(|number| keys[*number].1.as_str()).collect::<String>()).unwrap();
        file
    };
    let all = write("all.pub", &[0, 1, 2, 3]);
    eventually(SOON, "all events are sealed and signed", async || {
        let (code, text) = bridge.verify(&all);
        if code == Some(0) && text.contains(&format!("{requests} events under")) { Ok(()) } else { Err(text) }
    })
    .await;
    // Each of the keys is needed.
    for missing in 0..keys.len() {
        let others: Vec<_> = (0..keys.len()).filter(|number| *number != missing).collect();
        let (code, text) = bridge.verify(&write("others.pub", &others));
        assert!(code == Some(1) && text.contains("is forged"), "without key {missing}: {text}");
    }
}

#[tokio::test]
async fn a_webhook_that_is_away_or_fails_gets_the_newest_seal_later() {
    let port = free_port();
    let mut bridge = Sealing::start("BRIDGE_AUDIT_WEBHOOK", &format!("http://127.0.0.1:{port}/seals")).await;
    bridge.create().await;
    let refused = "a seal of the audit cannot be posted";
    eventually(SOON, "the webhook is away", async || bridge.process.log().contains(refused)).await;
    // Another process has it to post.
    bridge.process.terminate().unwrap();
    assert!(bridge.process.wait_exit(SOON).await.unwrap().success());
    let posted = Arc::new(Mutex::new(Vec::<Value>::new()));
    let router = axum::Router::new().route(
        "/seals",
        post({
            let posted = Arc::clone(&posted);
            async move |Json(seal): Json<Value>| {
                let mut posted = posted.lock().unwrap();
                posted.push(seal);
                // The first one is not kept.
                if posted.len() == 1 { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::NO_CONTENT }
            }
        }),
    );
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let first = bridge.seals().pop().unwrap();
    bridge.process.restart().unwrap();
    bridge.ready().await;
    eventually(SOON, "it is posted until it is kept", async || posted.lock().unwrap().len() == 2).await;
    assert_eq!(*posted.lock().unwrap(), [first.clone(), first.clone()]);

    bridge.create().await;
    eventually(SOON, "the next one is posted", async || posted.lock().unwrap().len() == 3).await;
    let next = posted.lock().unwrap()[2].clone();
    assert_eq!((&next["number"], Some(&next)), (&Value::from(2), bridge.seals().last()));
    // What was posted is a checkpoint.
    let (database, checkpoint) = (bridge.path("bridge.db"), bridge.path("seals.jsonl"));
    std::fs::write(&checkpoint, format!("{first}\n{next}\n")).unwrap();
    let (code, text) = verify(&database, &["--checkpoint", checkpoint.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{text}");
}
