//! The calls about workflows, on a real Temporal server with a real worker.

mod ask;
mod audit;
mod behalf;
mod cancel;
mod declared;
mod escalation;
mod pause;
mod reset;
mod signal;
mod terminate;
mod update;
mod worker;

use std::sync::OnceLock;

use harness::{SAMPLE_INTENT, TemporalServer, eventually};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::{Api, SOON, unique};

/// A bridge, and a workflow of the sample intent that runs on a real worker.
pub(crate) struct Scene {
    api: Api,
    pub(crate) temporal: &'static TemporalServer,
    pub(crate) workflow_id: String,
    pub(crate) run_id: String,
}

impl Scene {
    async fn new(workflow_type: &str) -> Self {
        Self::with(workflow_type, &[]).await
    }

    async fn with(workflow_type: &str, flags: &[&str]) -> Self {
        let temporal = TemporalServer::shared().await.unwrap();
        let (workflow_id, run_id) = start(temporal, workflow_type, task_queue(temporal)).await;
        let api = Api::on(temporal.address(), flags).await;
        api.create_with_workflow(&workflow_id).await;
        Self { api, temporal, workflow_id, run_id }
    }

    /// Starts a workflow without a worker.
    async fn deserted() -> Self {
        let temporal = TemporalServer::shared().await.unwrap();
        let (workflow_id, run_id) = start(temporal, "Obedient", &unique("deserted")).await;
        let api = Api::on(temporal.address(), &[]).await;
        api.create_with_workflow(&workflow_id).await;
        Self { api, temporal, workflow_id, run_id }
    }

    fn request(&self, verb: &str, body: &Value) -> RequestBuilder {
        self.api.request(Method::POST, &format!("/{SAMPLE_INTENT}/{verb}")).body(body.to_string())
    }

    async fn post(&self, verb: &str, spec: Value) -> Response {
        self.request(verb, &json!({"metadata": {"name": ""}, "spec": spec})).send().await.unwrap()
    }

    /// Returns the level that the workflow reports.
    async fn level(&self) -> Value {
        let answer = self.post("query", json!({"type": "level"})).await;
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        answer.json::<Value>().await.unwrap()["result"].clone()
    }

    /// Returns the events of the run, of one type.
    async fn events(&self, event_type: &str) -> Vec<Value> {
        events(self.temporal, &self.workflow_id, &self.run_id, event_type).await
    }
}

/// Returns the events of a run, of one type.
pub(crate) async fn events(
    temporal: &TemporalServer,
    workflow_id: &str,
    run_id: &str,
    event_type: &str,
) -> Vec<Value> {
    let shown =
        temporal.cli(&["workflow", "show", "--workflow-id", workflow_id, "--run-id", run_id]).await.unwrap();
    let event_type = format!("EVENT_TYPE_{event_type}");
    let events = shown["events"].as_array().unwrap();
    events.iter().filter(|event| event["eventType"] == event_type.as_str()).cloned().collect()
}

/// The task queue of a worker that all tests share.
pub(crate) fn task_queue(temporal: &TemporalServer) -> &'static str {
    static TASK_QUEUE: OnceLock<String> = OnceLock::new();
    TASK_QUEUE.get_or_init(|| new_task_queue(temporal))
}

/// Starts a worker, and returns its task queue.
pub(crate) fn new_task_queue(temporal: &TemporalServer) -> String {
    let task_queue = unique("verbs");
    worker::start(temporal.url(), task_queue.clone());
    task_queue
}

/// Starts a workflow. The activity of a stubborn one is pending when this returns.
pub(crate) async fn start(
    temporal: &TemporalServer,
    workflow_type: &str,
    task_queue: &str,
) -> (String, String) {
    let id = unique(workflow_type);
    let args = [
        "workflow",
        "start",
        "--type",
        workflow_type,
        "--task-queue",
        task_queue,
        "--workflow-id",
        &id,
        "--input",
        "0",
    ];
    let started = temporal.cli(&args).await.unwrap();
    if workflow_type == "Stubborn" {
        eventually(SOON, "the activity is in its second attempt", async || {
            let described = temporal.cli(&["workflow", "describe", "--workflow-id", &id]).await.unwrap();
            let pending = &described["pendingActivities"][0];
            pending["attempt"] == 2 && pending["lastHeartbeatTime"].is_string()
        })
        .await;
    }
    (id, started["runId"].as_str().unwrap().to_owned())
}
