//! Rules, on a real Temporal server with a real worker and a real workflow client.

mod actions;
mod conditions;
mod documents;
mod monitors;
mod rehearsals;
mod rights;
mod simulation;

use std::time::Duration;

use bridge_core::App;
use bridge_core::model::RuleKey;
use client_kit::{StartContext, WorkflowStart, clients, workflow_client};
use harness::{SAMPLE_INTENT, TemporalServer, eventually, sample_intent};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::our_client::OurClient;
use super::{Api, unique};
use crate::temporal::Fixture;

/// Long enough for a rule to act, also on a busy machine.
const SOON: Duration = Duration::from_secs(60);
/// The project of the sample intent.
const PROJECT: &str = "proj1";

/// Starts the workflow that the intent's parameters name, on the queue that they name.
#[workflow_client(name = "migrate_workflowclient")]
async fn watched(ctx: StartContext) -> WorkflowStart {
    let params = &ctx.spec().workflow_params.activity_params["all-activities"];
    let input = params.get("input").map_or(Value::Null, |input| serde_json::from_str(input).unwrap());
    let start = ctx.start(params["kind"].as_str()).with_input(input);
    match params.get("queue") {
        Some(queue) => start.on_task_queue(queue.as_str()),
        None => start,
    }
}

/// A bridge with an intent whose workflows run on a real worker. Each start makes one of its own.
struct Scene {
    api: Api,
    app: App,
    temporal: &'static TemporalServer,
    fixture: Fixture,
    client: OurClient,
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
        let client = OurClient::of(clients![watched], temporal.address()).await;
        let flags: Vec<_> = [flags, &["--alarm-hold", "0s"]].concat();
        let api = Api::on(temporal.address(), &flags).await;
        let app = App::new(&api.parts);
        let scene = Self { api, app, temporal, fixture, client };
        scene.register(SAMPLE_INTENT, workflow_type).await;
        scene
    }

    /// Creates an intent.
    async fn register(&self, name: &str, workflow_type: &str) {
        let params = json!({"kind": workflow_type});
        let intent = intent(name, self.client.port, self.fixture.task_queue, params);
        let created = self.api.post("", intent.to_string()).await;
        assert_eq!(created.status(), 201, "{}", created.text().await.unwrap());
    }

    async fn put(&self, rule: &str, spec: &Value) -> Response {
        let url = format!("{}/v2/projects/{PROJECT}/workflow-rules/{rule}", self.api.url());
        let body = json!({"metadata": {"name": rule}, "spec": spec}).to_string();
        harness::http().put(url).body(body).send().await.unwrap()
    }

    /// Keeps a rule.
    async fn rule(&self, rule: &str, spec: Value) {
        let answer = self.put(rule, &spec).await;
        assert!(answer.status().is_success(), "{}: {}", answer.status(), answer.text().await.unwrap());
    }

    /// Starts the intent with other parameters. Returns the workflow ID.
    async fn start(&self, params: Value) -> String {
        let body = json!({"spec": {"activityParams": {"all-activities": params}}}).to_string();
        let start = self.api.request(Method::POST, &format!("/{SAMPLE_INTENT}/start")).body(body);
        let started = start.header("prefer", "return=representation").send().await.unwrap();
        assert_eq!(started.status(), 201, "{}", started.text().await.unwrap());
        let started: Value = started.json().await.unwrap();
        started["workflowID"].as_str().unwrap().to_owned()
    }

    /// Lets the rule look once, beside its monitor, and returns its decisions.
    async fn turn(&self, rule: &str) -> Vec<Value> {
        self.app.rules.turn(&RuleKey::of(PROJECT, rule)).await.unwrap();
        self.decisions(rule).await
    }

    async fn decisions(&self, rule: &str) -> Vec<Value> {
        self.get(&format!("/v2/projects/{PROJECT}/workflow-rules/{rule}/decisions"))
            .await
            .as_array()
            .unwrap()
            .clone()
    }

    async fn get(&self, path: &str) -> Value {
        let answer = harness::http().get(format!("{}{path}", self.api.url())).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    /// Lets the rule look until its only decision is so far, and returns it.
    async fn decided(&self, rule: &str, state: &str) -> Value {
        let what = format!("the decision is {state}");
        let found = eventually(SOON, &what, async || {
            let decisions = self.turn(rule).await;
            match decisions.as_slice() {
                [decision] if decision["state"] == state && !is_due(decision) => Ok(decision.clone()),
                other => Err(format!("{other:?}")),
            }
        });
        found.await
    }

    async fn alarms(&self, cause: &str) -> Vec<Value> {
        let alarms = self.get(&format!("/v2/alarms?probableCause={cause}")).await;
        alarms.as_array().unwrap().clone()
    }

    /// Lets a gate's workflow go on.
    async fn open(&self, workflow_id: &str, with: &str) {
        let with = json!(with).to_string();
        let args = ["workflow", "signal", "--name", "open", "-w", workflow_id, "--input", &with];
        self.temporal.cli(&args).await.unwrap();
    }

    /// Returns the events of this type in the history of a workflow's latest run.
    async fn events(&self, workflow_id: &str, kind: &str) -> Vec<Value> {
        let history = self.temporal.cli(&["workflow", "show", "-w", workflow_id]).await.unwrap();
        let events = history["events"].as_array().unwrap().iter();
        events.filter(|event| event["eventType"] == format!("EVENT_TYPE_{kind}")).cloned().collect()
    }
}

fn is_due(decision: &Value) -> bool {
    decision["actions"].as_array().unwrap().iter().any(|action| action["state"] == "Due")
}

/// Returns an intent whose starts each make a workflow of their own.
fn intent(name: &str, client_port: u16, task_queue: &str, params: Value) -> Value {
    let mut intent = sample_intent("127.0.0.1", client_port, "http://emco");
    intent["metadata"]["name"] = name.into();
    let temporal = &mut intent["spec"]["temporal"];
    temporal["workflowStartOptions"]["id"] = json!(format!("{}-{{{{uuid}}}}", unique("watched")));
    temporal["workflowStartOptions"]["taskQueue"] = json!(task_queue);
    temporal["workflowStartOptions"]["retryPolicy"] = Value::Null;
    temporal["workflowParams"]["activityParams"] = json!({"all-activities": params});
    intent
}

/// An alarm as the only action.
fn alarm(cause: &str) -> Value {
    json!([{"alarm": {"probableCause": cause}}])
}
