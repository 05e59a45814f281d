//! Who may call, and on whose behalf starts are.

use std::io;
use std::sync::{Arc, Mutex};

use client_kit::testing::RecordedTemporal;
use client_kit::{Caller, Callers, ServerOptions, Subjects};
use harness::http;
use reqwest::RequestBuilder;
use service::auth::{BearerTokens, NewToken};
use service::files::SettingFile;
use tempfile::TempDir;
use tracing_subscriber::fmt::MakeWriter;

use crate::serving::{Serving, answer};

const START: &str = r#"{"workflowStartOptions": {"TaskQueue": "q"}}"#;
const ALICE: &str = r#"{"name":"alice","kind":"issuer","issuer":"corp"}"#;

fn subjects(text: &str) -> Subjects {
    text.parse().unwrap()
}

/// A server that knows the tokens `bridge` and `ci`, which are their owners' names too.
async fn serving(callers: Callers) -> (Serving, RecordedTemporal, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tokens");
    let lines = ["bridge", "ci"].map(|name| NewToken::of(name, name).unwrap().line() + "\n");
    std::fs::write(&path, lines.concat()).unwrap();
    let bearer_tokens = Some(BearerTokens::load(SettingFile::from(path.as_path())).unwrap());
    let options = ServerOptions { callers: Callers { bearer_tokens, ..callers }, ..ServerOptions::default() };
    let temporal = RecordedTemporal::new();
    (Serving::with_options(temporal.clone(), options).await, temporal, directory)
}

/// A server that believes the owner of the token `bridge`.
async fn believing() -> (Serving, RecordedTemporal, TempDir) {
    let trusted_bridges = subjects("{ token = \"bridge\" }");
    serving(Callers { trusted_bridges, ..Callers::default() }).await
}

fn start(serving: &Serving, token: &str) -> RequestBuilder {
    serving.post("echo", START).bearer_auth(token)
}

/// Sends the start, which succeeds, and returns on whose behalf it was.
async fn behalf(temporal: &RecordedTemporal, start: RequestBuilder) -> Option<Caller> {
    assert_eq!(answer(start).await.status, 204);
    temporal.started().requests().last().unwrap().caller.clone()
}

#[tokio::test]
async fn a_trusted_bridge_is_believed() {
    let (serving, temporal, _files) = believing().await;
    let named = start(&serving, "bridge").header("emco-caller", ALICE).header("emco-audit-id", "0199-ab");
    let alice = Caller::new("alice", "issuer", "corp").with_audit_id("0199-ab");
    assert_eq!(behalf(&temporal, named).await, Some(alice));
    let nobody = start(&serving, "bridge").header("emco-caller", r#"{"name":"","kind":"anonymous"}"#);
    assert_eq!(behalf(&temporal, nobody).await, Some(Caller::new("", "anonymous", "")));
    let unnamed = start(&serving, "bridge");
    assert_eq!(behalf(&temporal, unnamed).await, Some(Caller::new("bridge", "token", "")));
}

#[tokio::test]
async fn nobody_else_is_believed() {
    let (serving, temporal, _files) = believing().await;
    let forged = start(&serving, "ci").header("emco-caller", ALICE).header("emco-audit-id", "0199-ab");
    assert_eq!(behalf(&temporal, forged).await, Some(Caller::new("ci", "token", "")));
    let (serving, temporal) = Serving::recorded().await;
    let forged = serving.post("echo", START).header("emco-caller", ALICE);
    assert_eq!(behalf(&temporal, forged).await, None);
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_header_that_cannot_be_used_is_ignored_with_one_warning() {
    let log = Log::default();
    let logging = tracing_subscriber::fmt().with_writer(log.clone()).without_time().finish();
    let _logging = tracing::subscriber::set_default(logging);
    let (serving, temporal, _files) = believing().await;
    let long = format!(r#"{{"name":"{}"}}"#, "a".repeat(201));
    let longer = format!(r#"{{"name":"a","more":"{}"}}"#, "a".repeat(9000));
    for headers in [
        &[("emco-caller", long.as_str())][..],
        &[("emco-caller", &longer)],
        &[("emco-caller", "alice")],
        &[("emco-caller", "")],
        &[("emco-caller", "\u{e9}")],
        &[("emco-caller", r#"{"name":"al\u0007ice"}"#)],
        &[("emco-caller", r#"{"name":"alice\u009b"}"#)],
        &[("emco-caller", ALICE), ("emco-caller", ALICE)],
        &[("emco-caller", ALICE), ("emco-audit-id", "a b")],
        &[("emco-caller", ALICE), ("emco-audit-id", "a"), ("emco-audit-id", "b")],
    ] {
        log.0.lock().unwrap().clear();
        let start = headers
            .iter()
            .fold(start(&serving, "bridge"), |start, (name, value)| start.header(*name, *value));
        assert_eq!(behalf(&temporal, start).await, Some(Caller::new("bridge", "token", "")), "{headers:?}");
        let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(logged.matches("WARN").count(), 1, "{headers:?}: {logged}");
        assert!(!logged.contains("alice"), "{logged}");
    }
}

#[tokio::test]
async fn only_listed_callers_may_call() {
    let callers = subjects("{ token = \"bridge\" }, { certificate = \"ci\" }");
    let (serving, temporal, _files) = serving(Callers { callers, ..Callers::default() }).await;
    assert_eq!(answer(start(&serving, "bridge")).await.status, 204);
    let refused = answer(start(&serving, "ci")).await;
    refused.assert_problem(403, "forbidden");
    assert!(refused.body["detail"].as_str().unwrap().contains("the token `ci`"), "{refused:?}");
    assert_eq!(refused.header("start-outcome"), Some("none"));
    temporal.started().once();
    answer(http().get(serving.url("/invoke")).bearer_auth("ci")).await.assert_problem(403, "forbidden");
    answer(start(&serving, "other")).await.assert_problem(401, "unauthorized");
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(http().get(serving.url(path)).send().await.unwrap().status(), 200, "{path}");
    }
}

#[tokio::test]
async fn without_a_list_everybody_who_is_accepted_may_call() {
    let anonymous = "127.0.0.1".parse().unwrap();
    let (open, _temporal, _files) = serving(Callers { anonymous, ..Callers::default() }).await;
    for start in [start(&open, "ci"), open.post("echo", START)] {
        assert_eq!(answer(start).await.status, 204);
    }
    let anonymous = "127.0.0.1".parse().unwrap();
    let callers = subjects("\"authenticated\"");
    let (listed, _temporal, _files) = serving(Callers { anonymous, callers, ..Callers::default() }).await;
    assert_eq!(answer(start(&listed, "ci")).await.status, 204);
    let refused = answer(listed.post("echo", START)).await;
    refused.assert_problem(403, "forbidden");
    assert!(refused.body["detail"].as_str().unwrap().contains("anonymous callers"), "{refused:?}");
}
