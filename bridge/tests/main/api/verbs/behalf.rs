//! On whose behalf: the caller of the bridge in Temporal's history, in the audit, and in a worker's requests to EMCO.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, Uri};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use client_kit::{StartContext, WorkflowStart, clients, workflow_client};
use harness::{SAMPLE_INTENT, TemporalServer, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_sdk::{ActivityOptions, ChildWorkflowOptions, WorkflowContext, WorkflowResult};
use tokio::net::TcpListener;
use worker_kit::testing::TestWorker;
use workflow_api::DigKey;

use super::super::secured::Papers;
use super::super::secured_clients;
use super::super::{Api, SOON, sample_dig, unique};
use super::{events, task_queue};

#[workflow_client]
async fn obedient(ctx: StartContext) -> WorkflowStart {
    ctx.start("Obedient")
}

#[workflow_client]
async fn departure(ctx: StartContext) -> WorkflowStart {
    ctx.start("Journey")
}

/// A bridge whose workflow client believes it, and an intent for that client.
struct Scene {
    api: Api,
    temporal: &'static TemporalServer,
    workflow_id: String,
    _client: super::super::our_client::OurClient,
    _papers: Papers,
}

impl Scene {
    async fn new(client: &str, task_queue: &str, params: Value) -> Self {
        let (temporal, papers) = (TemporalServer::shared().await.unwrap(), Papers::new());
        let (served, settings, _) = secured_clients::serve(&papers, clients![obedient, departure]).await;
        let api = Api::on(temporal.address(), &["--clients", &settings]).await;
        let workflow_id = unique(client);
        let mut body = harness::sample_intent("127.0.0.1", served.port, "http://emco");
        let spec = &mut body["spec"]["temporal"];
        spec["workflowClientName"] = client.into();
        spec["workflowStartOptions"]["id"] = workflow_id.as_str().into();
        spec["workflowStartOptions"]["taskQueue"] = task_queue.into();
        spec["workflowParams"]["activityParams"] = json!({"all-activities": params});
        assert_eq!(api.post("", body.to_string()).await.status(), 201);
        Self { api, temporal, workflow_id, _client: served, _papers: papers }
    }

    /// Calls a verb as alice, and returns the run that the answer names.
    async fn call(&self, verb: &str, spec: Value) -> String {
        let request = self.api.request(Method::POST, &format!("/{SAMPLE_INTENT}/{verb}"));
        let request = request.header("X-Forwarded-User", "alice").body(json!({"spec": spec}).to_string());
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        assert!(status.is_success(), "{verb}: {status} {}", answer.text().await.unwrap());
        headers.get("run-id").map(|id| id.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    /// Returns the attributes of the only event of this type in a run.
    async fn event(&self, run_id: &str, event_type: &str) -> Value {
        let found = events(self.temporal, &self.workflow_id, run_id, event_type).await;
        let [event] = <[Value; 1]>::try_from(found).unwrap();
        event.as_object().unwrap().iter().find(|(name, _)| name.ends_with("Attributes")).unwrap().1.clone()
    }

    /// Returns the events of the audit for a verb of alice.
    async fn audited(&self, verb: &str) -> Vec<Value> {
        let url = format!("{}/v2/audit?actor=alice&verb={verb}&outcome=succeeded", self.api.url);
        reqwest::get(url).await.unwrap().json().await.unwrap()
    }
}

/// Decodes a field of a header in Temporal's JSON.
fn field(attributes: &Value, name: &str) -> Value {
    let data = attributes["header"]["fields"][name]["data"].as_str().unwrap();
    serde_json::from_slice(&BASE64_STANDARD.decode(data).unwrap()).unwrap()
}

#[tokio::test]
async fn each_verb_by_alice_names_her_in_temporals_history_and_in_the_audit() {
    let temporal = TemporalServer::shared().await.unwrap();
    let scene = Scene::new("obedient", task_queue(temporal), json!({})).await;
    let first = scene.call("start", json!({})).await;
    scene.call("signal", json!({"name": "raise", "args": [1]})).await;
    scene.call("update", json!({"name": "set", "args": [7]})).await;
    let second = scene.call("reset", json!({"to": "FirstWorkflowTask"})).await;
    scene.call("cancel", json!({"reason": "over"})).await;
    eventually(SOON, "the second run has ended", async || {
        scene.api.status_of_sample("").await.json::<Value>().await.unwrap()["workflowState"] == "Canceled"
    })
    .await;
    let third = scene.call("start", json!({})).await;
    scene.call("terminate", json!({"reason": "over"})).await;
    for (run_id, event_type, key) in [
        (&first, "WORKFLOW_EXECUTION_STARTED", "identity"),
        (&first, "WORKFLOW_EXECUTION_SIGNALED", "identity"),
        (&first, "WORKFLOW_EXECUTION_UPDATE_ACCEPTED", "acceptedRequest"),
        // Temporal drops the identity of a reset.
        (&first, "WORKFLOW_EXECUTION_TERMINATED", "reason"),
        (&second, "WORKFLOW_EXECUTION_STARTED", "identity"),
        (&second, "WORKFLOW_EXECUTION_CANCEL_REQUESTED", "identity"),
        (&third, "WORKFLOW_EXECUTION_TERMINATED", "identity"),
    ] {
        let text = scene.event(run_id, event_type).await[key].to_string();
        assert!(text.contains("alice via "), "{event_type}: {text}");
    }
    for (verb, times) in
        [("start", 2), ("signal", 1), ("update", 1), ("reset", 1), ("cancel", 1), ("terminate", 1)]
    {
        let events = scene.audited(verb).await;
        assert_eq!(events.len(), times, "{verb}: {events:?}");
        assert_eq!(events[0]["actor"], json!({"name": "alice", "kind": "proxy"}), "{verb}");
    }
    let started = scene.event(&third, "WORKFLOW_EXECUTION_STARTED").await;
    assert_eq!(field(&started, "emco-caller"), json!({"name": "alice", "kind": "proxy"}));
    assert_eq!(field(&started, "emco-audit-id"), scene.audited("start").await[0]["id"]);
}

/// Calls EMCO.
struct Travel;

#[activities]
impl Travel {
    #[activity(name = "AskEmco")]
    async fn ask_emco(_: ActivityContext, input: Value) -> Result<(), ActivityError> {
        let text = |name: &str| input[name].as_str().unwrap_or_default().to_owned();
        let emco = emco::Client::new(&text("url"), emco::Settings::default())?;
        // There is no such group; only the request counts.
        let _ = emco.get_dig(&DigKey { dig: text("group"), ..sample_dig() }).await;
        Ok(())
    }
}

/// Calls EMCO by an activity of its own, and by one of a child. Its input is the intent's, or EMCO's URL in a child.
#[workflow]
#[derive(Default)]
struct Journey;

#[workflow_methods]
impl Journey {
    #[run(name = "Journey")]
    async fn run(ctx: &mut WorkflowContext<Self>, input: Value) -> WorkflowResult<()> {
        let url = input["activityParams"]["all-activities"]["url"].as_str().or(input.as_str());
        let url = url.unwrap_or_default().to_owned();
        let group = if input.is_string() { "of-child" } else { "of-parent" };
        let options = ActivityOptions::start_to_close_timeout(SOON);
        ctx.execute_activity(Travel::ask_emco, json!({"url": url, "group": group}), options).await?;
        if input.is_object() {
            let child = ChildWorkflowOptions::workflow_id(format!("{}/child", ctx.workflow_id()));
            ctx.start_child_workflow(Journey::run, json!(url), child).await?.result().await?;
        }
        Ok(())
    }
}

type Requests = Arc<Mutex<Vec<(String, HeaderMap)>>>;

/// An EMCO that keeps the heads of requests. Returns its URL.
async fn emco() -> (String, Requests) {
    let requests = Requests::default();
    let kept = Arc::clone(&requests);
    let keep = async move |uri: Uri, headers: HeaderMap| {
        kept.lock().unwrap().push((uri.path().to_owned(), headers));
        axum::http::StatusCode::NOT_FOUND
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(keep)).await });
    (url, requests)
}

#[tokio::test]
async fn a_workers_requests_to_emco_carry_on_whose_behalf_they_are_made() {
    let temporal = TemporalServer::shared().await.unwrap();
    let queue = unique("journey");
    let _worker = TestWorker::on_queue(temporal.address(), &queue, |worker| {
        worker.register_workflow::<Journey>()?.register_activities(Travel);
        Ok(())
    })
    .await
    .unwrap();
    let (url, requests) = emco().await;
    let scene = Scene::new("departure", &queue, json!({"url": url})).await;
    scene.call("start", json!({})).await;
    eventually(SOON, "the workflow has completed", async || {
        scene.api.status_of_sample("").await.json::<Value>().await.unwrap()["workflowState"] == "Completed"
    })
    .await;
    let audit_id = &scene.audited("start").await[0]["id"];
    let requests = requests.lock().unwrap();
    let groups: Vec<_> = requests.iter().map(|(path, _)| path.rsplit('/').next().unwrap()).collect();
    assert_eq!(groups, ["of-parent", "of-child"]);
    for (_, headers) in requests.iter() {
        assert_eq!(headers["emco-caller"], r#"{"name":"alice","kind":"proxy"}"#);
        assert_eq!(headers["emco-audit-id"].to_str().unwrap(), audit_id);
    }
}
