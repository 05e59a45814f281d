//! Who may call: without identities the bridge is for this machine alone; tokens are made by its command line.

use std::process::Output;
use std::time::Duration;

use harness::{Process, SAMPLE_DIG, free_port, http};

use super::{bridge, serving};

const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn without_identities_it_listens_on_this_machine_alone() {
    let directory = tempfile::tempdir().unwrap();
    let (port, database) = (free_port(), directory.path().join("bridge.db"));
    let serve = |settings: &[(&str, &str)]| {
        let process = Process::builder(env!("CARGO_BIN_EXE_bridge"))
            .arg("serve")
            .env("BRIDGE_LISTEN", format!(":{port}"))
            .env("BRIDGE_DATABASE", format!("sqlite://{}", database.display()))
            .env("TEMPORAL_ADDRESS", "127.0.0.1:1");
        settings.iter().fold(process, |process, (name, value)| process.env(*name, *value)).spawn().unwrap()
    };
    // Anonymous callers are no identity.
    for settings in [&[][..], &[("BRIDGE_ANONYMOUS_NETWORKS", "10.0.0.0/8")]] {
        let mut process = serve(settings);
        let status = process.wait_exit(LIMIT).await.unwrap();
        let log = process.log();
        assert_eq!(status.code(), Some(2), "{log}");
        for setting in ["BRIDGE_LISTEN", "BRIDGE_BEARER_TOKENS", "BRIDGE_ISSUERS", "BRIDGE_INSECURE=true"] {
            assert!(log.contains(setting), "{setting}: {log}");
        }
    }
    let url = format!("http://127.0.0.1:{port}/readyz");
    let mut process = serve(&[("BRIDGE_INSECURE", "true")]);
    process.wait_ready(&url).await.unwrap();
    assert_eq!(process.log().matches("EVERYBODY IS ACCEPTED").count(), 1, "{}", process.log());
    drop(process);
    let rights = crate::rights::everything().to_str().unwrap();
    let mut process = serve(&[("BRIDGE_TRUSTED_PROXIES", "10.0.0.1"), ("BRIDGE_RIGHTS", rights)]);
    process.wait_ready(&url).await.unwrap();
    assert!(!process.log().contains("EVERYBODY"), "{}", process.log());
}

fn new_token(name: &str) -> Output {
    bridge().args(["token", "new", name]).output().unwrap()
}

#[tokio::test]
async fn a_new_token_is_accepted_by_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let (port, tokens) = (free_port(), directory.path().join("tokens"));
    let made = new_token("alice");
    assert!(made.status.success());
    let (token, line) = (String::from_utf8(made.stdout).unwrap(), String::from_utf8(made.stderr).unwrap());
    assert!(line.starts_with("alice:") && !line.contains(token.trim()), "{line}");
    assert_ne!(new_token("alice").stdout, token.as_bytes());
    for name in ["", "two words", "#alice"] {
        let refused = new_token(name);
        assert!(!refused.status.success() && refused.stdout.is_empty(), "{name}");
    }

    std::fs::write(&tokens, line).unwrap();
    let mut process = serving(port, &directory.path().join("bridge.db"), "127.0.0.1:1")
        .env("BRIDGE_BEARER_TOKENS", &tokens)
        .env("BRIDGE_ANONYMOUS_NETWORKS", "")
        .spawn()
        .unwrap();
    let url = format!("http://127.0.0.1:{port}");
    process.wait_ready(&format!("{url}/readyz")).await.unwrap();
    let intents = http().get(format!("{url}{SAMPLE_DIG}/temporal-workflow-intents"));
    let status = |request: reqwest::RequestBuilder| async { request.send().await.unwrap().status() };
    assert_eq!(status(intents.try_clone().unwrap()).await, 401);
    assert_eq!(status(intents.bearer_auth(token.trim())).await, 200);
}
