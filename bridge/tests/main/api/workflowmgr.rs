//! Makes the calls of `recorded/workflowmgr.jsonl` to the bridge. Each response is the same as workflowmgr's,
//! or has a numbered difference of `docs/api.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use client_kit::{Params, StartContext, WorkflowStart, clients, workflow_client};
use emco_stand_in::{StandIn, StandInOptions};
use harness::Wire;
use sample_params::MigrateParams;
use serde::Deserialize;
use serde_json::Value;

use super::Api;
use super::our_client::OurClient;
use crate::documents::differences;
use crate::temporal::Fixture;

const RECORDING: &str = include_str!("../../recorded/workflowmgr.jsonl");
const PROBLEM: &str = "application/problem+json";

/// The number of the difference that applies to every error: its form.
const ERRORS: u32 = 34;

/// The numbers of the differences in status, or in the body of a success, with their calls of the recording.
/// The deletion of an intent that only one side stored has the same number.
const DIFFERENT: [(u32, &[usize]); 24] = [
    (1, &[196, 198]),
    (3, &[179, 180]),
    (4, &[193]),
    (5, &[173]),
    (6, &[184]),
    (11, &[1, 2, 3, 35, 107, 119, 165, 182, 203, 206]),
    (12, &[5, 145, 146]),
    (15, &[71, 72]),
    (16, &[21, 69, 76]),
    (17, &[118]),
    (18, &[186, 190]),
    (19, &[172, 185, 187, 191, 192]),
    (22, &[156]),
    (29, &[74]),
    (31, &[0, 11]),
    (32, &[9, 10]),
    (33, &[152, 153]),
    (35, &[14, 19, 140, 195]),
    (36, &[17, 18, 39, 42, 43]),
    (37, &[59, 60, 78]),
    (38, &[61, 62, 63, 64, 65, 66, 67, 79, 80, 88]),
    (39, &[125, 127, 128, 132, 208, 209, 210]),
    (40, &[147]),
    (45, &[104, 105, 108, 109, 110]),
];

/// One call of the recording.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recorded {
    n: usize,
    call: String,
    method: String,
    path: String,
    headers: Option<BTreeMap<String, String>>,
    body: Option<String>,
    body_base64: Option<String>,
    status: Option<u16>,
    content_type: Option<String>,
    #[serde(default)]
    answer: String,
}

/// A response.
#[derive(Debug, PartialEq, Eq)]
struct Answered {
    status: u16,
    content_type: Option<String>,
    body: String,
}

static TASK_QUEUE: OnceLock<&str> = OnceLock::new();

/// The sample client's migration; the workflow that it starts returns its input.
#[workflow_client(name = "migrate_workflowclient")]
async fn migrate(_: Params<MigrateParams>, ctx: StartContext) -> WorkflowStart {
    ctx.start("Echo").on_task_queue(*TASK_QUEUE.get().unwrap())
}

/// Starts the bridge with workflowmgr's surroundings.
struct Replay {
    api: Api,
    client: OurClient,
    temporal: &'static str,
    _emco: StandIn,
}

impl Replay {
    async fn new() -> Self {
        let fixture = Fixture::new().await.unwrap();
        TASK_QUEUE.set(fixture.task_queue).unwrap();
        let emco = StandIn::start(StandInOptions::default()).await.unwrap();
        emco.load_samples().await.unwrap();
        let temporal = fixture.server.address();
        let api = Api::on(temporal, &["--emco-url", emco.url(), "--client-check", "20s"]).await;
        Self { api, client: OurClient::of(clients![migrate], temporal).await, temporal, _emco: emco }
    }

    /// Makes a call, byte for byte except for the addresses in it.
    async fn make(&self, call: &Recorded) -> Answered {
        let body = match (&call.body, &call.body_base64) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, Some(text)) => BASE64_STANDARD.decode(text).unwrap(),
            (None, None) => Vec::new(),
        };
        let body = self.to_here(&body);
        let target = self.to_here(call.path.as_bytes());
        let address = self.api.url.strip_prefix("http://").unwrap();
        let mut request = [call.method.as_bytes(), b" ", &target, b" HTTP/1.1\r\n"].concat();
        request.extend(format!("Host: {address}\r\nConnection: close\r\n").into_bytes());
        for (name, value) in call.headers.iter().flatten() {
            request.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        if call.method != "GET" {
            request.extend(format!("Content-Length: {}\r\n", body.len()).into_bytes());
        }
        request.extend(b"\r\n");
        request.extend(body);

        let mut wire = Wire::connect(address).await.unwrap();
        wire.send(request).await.unwrap();
        let answer = if call.method == "HEAD" { wire.head().await } else { wire.answer().await };
        let answer = answer.unwrap();
        assert_eq!(answer.header("transfer-encoding"), None, "{}", answer.head);
        Answered {
            status: answer.status,
            content_type: answer.header("content-type").map(str::to_owned),
            body: answer.body.replace(&self.port(), PORT),
        }
    }

    /// Deletes intents that the bridge stored and workflowmgr did not, so that the next call finds the same
    /// state.
    async fn take_back(&self, create: &Recorded) {
        let path = format!("{}/l1", create.path);
        let delete = Recorded { method: "DELETE".to_owned(), path, body: None, ..create.clone() };
        assert_eq!(self.make(&delete).await.status, 204, "{}", create.n);
    }

    /// Returns recorded bytes with the addresses of this test.
    fn to_here(&self, bytes: &[u8]) -> Vec<u8> {
        // Bytes that are not UTF-8 are kept.
        let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        let text = text
            .replace(PORT, &self.port())
            .replace(&PORT.replace(':', ": "), &self.port())
            .replace("127.0.0.1:7233", self.temporal);
        text.chars().map(|char| u8::try_from(u32::from(char)).unwrap()).collect()
    }

    fn port(&self) -> String {
        PORT.replace("9190", &self.client.port.to_string())
    }
}

/// Returns the port of the recording's workflow client.
const PORT: &str = r#""clientEndpointPort":9190"#;

/// Returns how a response differs from the recorded one, if it does.
fn difference(recorded: &Recorded, answered: &Answered) -> Option<String> {
    let status = recorded.status?;
    if answered.status != status {
        return Some(format!("{} is not {status}", answered.status));
    }
    let kind = recorded.content_type.as_deref().filter(|kind| !kind.is_empty());
    let same = (answered.content_type.as_deref(), &answered.body) == (kind, &recorded.answer);
    (!same && status < 300).then(|| format!("{:?} {}", answered.content_type, answered.body))
}

#[tokio::test]
async fn every_recorded_call_is_answered_alike() {
    let replay = Replay::new().await;
    let numbers: BTreeMap<usize, u32> =
        DIFFERENT.iter().flat_map(|(number, calls)| calls.iter().map(|call| (*call, *number))).collect();
    let documented = differences();
    assert!(documented.contains(&ERRORS));
    let (mut wrong, mut ours) = (Vec::new(), String::new());
    for line in RECORDING.lines() {
        let call: Recorded = serde_json::from_str(line).unwrap();
        let answered = replay.make(&call).await;
        if call.method == "POST" && answered.status == 201 && call.status.is_some_and(|status| status >= 400)
        {
            replay.take_back(&call).await;
        }
        let differs = difference(&call, &answered);
        match (differs, numbers.get(&call.n)) {
            (Some(what), None) => wrong.push(format!("{} {}: {what}; {answered:?}", call.n, call.call)),
            (None, Some(number)) => {
                wrong.push(format!("{} {}: does not differ, as {number} has it", call.n, call.call));
            }
            (Some(_), Some(number)) if !documented.contains(number) => {
                wrong.push(format!("{} {}: docs/api.md has no difference {number}", call.n, call.call));
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        let mut code = String::new();
        if answered.status >= 400 && call.method != "HEAD" {
            let problem: Value = serde_json::from_str(&answered.body).unwrap();
            problem["code"].as_str().unwrap().clone_into(&mut code);
            assert_eq!(answered.content_type.as_deref(), Some(PROBLEM), "{}", call.n);
            assert_eq!(problem["status"], answered.status, "{}", call.n);
        }
        if call.status.is_some() {
            writeln!(ours, "{} {}: {} {code}", call.n, call.call, answered.status).unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    // A response that differs must differ as documented.
    insta::assert_snapshot!(ours);
}
