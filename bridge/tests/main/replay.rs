//! Requests of EMCO's own callers, byte for byte: emcoctl's verbs on its documents 04 to 07 and on anchors
//! (EMCO-API §5.3, §5.6), and the policy controller's start (§4).
//!
//! Each `.http` file is a request as it leaves the caller's machine, except that its lines end in LF, that a
//! line end closes the body, and that `{bridge}`, `{client-port}`, `{temporal}` and `{length}` stand for
//! values that differ from run to run.

use std::fs;
use std::path::PathBuf;

use bridge_core::model::WorkflowRun;
use harness::{TemporalServer, Wire, free_port};
use serde_json::{Value, json};

use crate::api::ScriptedClient;
use crate::cli::serving;
use crate::temporal::Fixture;

/// emcoctl's requests in a sensible order, and their responses. Documents 05, 06 and 07 are for one verb
/// each, and emcoctl sends the others nevertheless.
const EMCOCTL: [(&str, u16); 21] = [
    ("04-get", 404),
    ("04-apply", 201),
    ("04-apply", 409),
    ("04-get", 200),
    ("anchor-get", 200),
    ("04-update", 200),
    ("05-apply", 204),
    ("anchor-apply-start", 204),
    ("05-get", 405),
    ("05-update", 405),
    ("05-delete", 405),
    ("06-apply", 405),
    ("06-get", 200),
    ("06-update", 405),
    ("06-delete", 405),
    ("07-get", 405),
    ("07-update", 405),
    ("07-delete", 405),
    ("07-apply", 204),
    ("04-delete", 204),
    ("anchor-delete", 404),
];
const POLICY: [&str; 1] = ["policy-start"];

const WORKFLOW: &str = "migrate-apps-1";

/// A bridge process, a workflow client and a connection: all that EMCO's callers need.
struct Caller {
    wire: Wire,
    address: String,
    client: ScriptedClient,
    temporal: &'static TemporalServer,
    token: Option<&'static str>,
    _bridge: (harness::Process, tempfile::TempDir),
}

impl Caller {
    async fn new(
        temporal: &'static TemporalServer,
        token: Option<&'static str>,
        env: &[(&str, &str)],
    ) -> Self {
        let (directory, port) = (tempfile::tempdir().unwrap(), free_port());
        let builder = serving(port, &directory.path().join("bridge.db"), temporal.address());
        let address = format!("127.0.0.1:{port}");
        let mut process =
            env.iter().fold(builder, |builder, (key, value)| builder.env(key, value)).spawn().unwrap();
        process.wait_ready(&format!("http://{address}/readyz")).await.unwrap();
        Self {
            // Kept for all of its requests, as in Go's client.
            wire: Wire::connect(&address).await.unwrap(),
            address,
            client: ScriptedClient::emco().await,
            temporal,
            token,
            _bridge: (process, directory),
        }
    }

    /// Sends a request, and returns status and body of the response.
    async fn send(&mut self, name: &str) -> (u16, String) {
        let request = self.request(name);
        self.wire.send(request).await.unwrap();
        let answer = self.wire.answer().await.unwrap();
        assert_eq!(answer.header("content-encoding"), None, "{name}: {}", answer.head);
        (answer.status, answer.body)
    }

    fn request(&self, name: &str) -> String {
        let text = fs::read_to_string(folder().join(name).with_extension("http")).unwrap();
        let text = text
            .replace("{bridge}", &self.address)
            .replace("{client-port}", &self.client.port.to_string())
            .replace("{temporal}", self.temporal.address());
        let (head, body) = text.split_once("\n\n").unwrap();
        let body = body.strip_suffix('\n').unwrap_or(body);
        let mut lines: Vec<_> =
            head.lines().map(|line| line.replace("{length}", &body.len().to_string())).collect();
        if let Some(token) = self.token {
            // Go writes headers in alphabetical order, and this one last.
            let rest =
                |line: &String| line.starts_with("Content-Type") || line.starts_with("Accept-Encoding");
            let at = lines.iter().position(rest).unwrap();
            lines.insert(at, format!("Authorization: Bearer {token}"));
        }
        format!("{}\r\n\r\n{body}", lines.join("\r\n"))
    }
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/replay"))
}

#[test]
fn every_request_is_replayed() {
    let mut files: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".http").map(str::to_owned))
        .collect();
    let mut replayed: Vec<_> = EMCOCTL.map(|(name, _)| name).into_iter().chain(POLICY).collect();
    files.sort();
    replayed.sort_unstable();
    replayed.dedup();
    assert_eq!(files, replayed);
}

#[tokio::test]
async fn every_verb_of_emcoctl_is_answered() {
    let fixture = Fixture::new().await.unwrap();
    for token in [None, Some("eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl")] {
        let args =
            ["workflow", "start", "--type", "Gate", "--task-queue", fixture.task_queue, "-w", WORKFLOW];
        let started = fixture.server.cli(&[args.as_slice(), &["--input", "null"]].concat()).await.unwrap();
        let run_id = started["runId"].as_str().unwrap().into();
        let run = WorkflowRun { target: fixture.target().unwrap(), workflow_id: WORKFLOW.into(), run_id };
        fixture.stands(&run).await;
        let mut emcoctl = Caller::new(fixture.server, token, &[]).await;
        for (name, status) in EMCOCTL {
            let (found, body) = emcoctl.send(name).await;
            assert_eq!(found, status, "{name}: {body}");
            match name {
                _ if status == 204 => assert_eq!(body, "", "{name}"),
                "06-get" => {
                    let body: Value = serde_json::from_str(&body).unwrap();
                    assert_eq!(body["workflowQueryResult"], json!({"open": false}));
                    let info = &body["workflowExecutionDescription"]["workflowExecutionInfo"];
                    assert_eq!(info["execution"]["runId"], started["runId"]);
                }
                _ => {}
            }
        }
        // Documents 05 and the anchor, one after the other. The client does not get emcoctl's own body.
        let asked = emcoctl.client.asked();
        assert!(asked.len() == 2 && asked[0].body == asked[1].body, "{asked:?}");
        assert!(asked.iter().all(|asked| !asked.headers.contains_key("authorization")), "{asked:?}");
        let described = fixture.server.cli(&["workflow", "describe", "-w", WORKFLOW]).await.unwrap();
        assert_eq!(described["workflowExecutionInfo"]["status"], "WORKFLOW_EXECUTION_STATUS_TERMINATED");
    }
}

#[tokio::test]
async fn the_policy_controller_starts_a_workflow() {
    let temporal = TemporalServer::shared().await.unwrap();
    let rule = [("BRIDGE_SUCCESS_STATUS", "Go-http-client/*=201")];
    for (env, status) in [(&[][..], 204), (&rule, 201)] {
        let mut policy = Caller::new(temporal, None, env).await;
        assert_eq!(policy.send("04-apply").await.0, 201);
        let (found, body) = policy.send("policy-start").await;
        assert_eq!(found, status, "{body}");
        policy.client.asked_once();
    }
}
