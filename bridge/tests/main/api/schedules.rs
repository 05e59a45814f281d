//! Schedules, on a real Temporal server with a real worker and a real workflow client.

mod changes;
mod outages;
mod overlaps;
mod rights;
mod times;

use std::time::Duration;

use client_kit::{StartContext, WorkflowStart, clients, workflow_client};
use harness::{SAMPLE_INTENT, TemporalServer, eventually, sample_intent};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::our_client::OurClient;
use super::{Api, unique};
use crate::temporal::Fixture;

/// Long enough for a schedule to act, also on a busy machine.
const SOON: Duration = Duration::from_secs(60);

/// Starts the workflow that the intent's parameters name.
#[workflow_client(name = "migrate_workflowclient")]
async fn scheduled(ctx: StartContext) -> WorkflowStart {
    let kind = &ctx.spec().workflow_params.activity_params["all-activities"]["kind"];
    ctx.start(kind.as_str()).with_input(Value::Null)
}

/// A bridge with an intent whose workflow runs on a real worker.
struct Scene {
    api: Api,
    temporal: &'static TemporalServer,
    fixture: Fixture,
    _client: OurClient,
}

impl Scene {
    /// Each start of the intent makes a workflow of this type.
    async fn new(workflow_type: &str) -> Self {
        Self::with(workflow_type, &[]).await
    }

    /// With these flags of the bridge.
    async fn with(workflow_type: &str, flags: &[&str]) -> Self {
        let fixture = Fixture::new().await.unwrap();
        let temporal = fixture.server;
        let client = OurClient::of(clients![scheduled], temporal.address()).await;
        let api = Api::on(temporal.address(), flags).await;
        let scene = Self { api, temporal, fixture, _client: client };
        scene.register(workflow_type).await;
        scene
    }

    async fn register(&self, workflow_type: &str) {
        let mut intent = sample_intent("127.0.0.1", self._client.port, "http://emco");
        let temporal = &mut intent["spec"]["temporal"];
        temporal["workflowStartOptions"]["id"] = json!(format!("{}-{{{{run}}}}", unique("scheduled")));
        temporal["workflowStartOptions"]["taskQueue"] = json!(self.fixture.task_queue);
        temporal["workflowStartOptions"]["retryPolicy"] = Value::Null;
        temporal["workflowParams"]["activityParams"] = json!({"all-activities": {"kind": workflow_type}});
        let created = self.api.post("", intent.to_string()).await;
        assert_eq!(created.status(), 201, "{}", created.text().await.unwrap());
    }

    fn request(&self, method: Method, below: &str) -> RequestBuilder {
        self.api.request(method, &format!("/{SAMPLE_INTENT}/schedules{below}"))
    }

    /// Keeps a schedule, and waits until Temporal has it.
    async fn put(&self, name: &str, spec: Value) -> Response {
        let body = json!({"metadata": {"name": name}, "spec": spec}).to_string();
        self.request(Method::PUT, &format!("/{name}")).body(body).send().await.unwrap()
    }

    async fn kept(&self, name: &str, spec: Value) {
        let answer = self.put(name, spec).await;
        let (status, late) = (answer.status(), answer.headers().contains_key("warning"));
        assert!(status.is_success() && !late, "{status} {late}: {}", answer.text().await.unwrap());
    }

    async fn post(&self, below: &str, spec: Value) -> Response {
        let body = json!({"metadata": {"name": ""}, "spec": spec}).to_string();
        self.request(Method::POST, below).body(body).send().await.unwrap()
    }

    async fn trigger(&self, name: &str) {
        let answer = self.request(Method::POST, &format!("/{name}/trigger")).send().await.unwrap();
        assert_eq!(answer.status(), 204, "{}", answer.text().await.unwrap());
    }

    async fn json(&self, below: &str) -> Value {
        let answer = self.request(Method::GET, below).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{below}");
        answer.json().await.unwrap()
    }

    async fn status(&self, name: &str) -> Value {
        self.json(&format!("/{name}/status")).await
    }

    /// Returns the runs of the intent, oldest first.
    async fn runs(&self) -> Vec<Value> {
        let runs: Value = self.api.get(&format!("/{SAMPLE_INTENT}/runs")).await.json().await.unwrap();
        let mut runs = runs.as_array().unwrap().clone();
        runs.reverse();
        runs
    }

    /// Waits until the intent has this many runs, all in the given states.
    async fn ran(&self, states: &[&str]) -> Vec<Value> {
        let what = format!("runs are {states:?}");
        let found = eventually(SOON, &what, async || {
            let runs = self.runs().await;
            let seen: Vec<_> =
                runs.iter().map(|run| run["workflowState"].as_str().unwrap_or_default()).collect();
            if seen == states {
                return Ok(runs);
            }
            let status = self.request(Method::GET, "/s/status").send().await.unwrap().text().await.unwrap();
            Err(format!("{seen:?}, and the schedule {status}"))
        });
        found.await
    }

    /// Lets a gate's workflow go on.
    async fn open(&self, run: &Value, with: &str) {
        let (id, with) = (run["workflowID"].as_str().unwrap(), json!(with).to_string());
        let args = ["workflow", "signal", "--name", "open", "-w", id, "--input", &with];
        self.temporal.cli(&args).await.unwrap();
    }
}

/// Times that do not come during a test.
fn never() -> Value {
    json!({"crons": ["0 0 1 1 *"], "startTime": "2099-01-01T00:00:00Z"})
}

fn with(mut spec: Value, others: Value) -> Value {
    let others = others.as_object().unwrap().clone();
    spec.as_object_mut().unwrap().extend(others);
    spec
}
