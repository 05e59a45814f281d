//! The REST API over real sockets: the bridge runs in this process, with scripted workflow clients and
//! engines.

mod cancel;
mod changes;
mod client;
mod client_check;
mod deep;
mod doubts;
mod engine;
mod heavy;
mod histories;
mod intents;
mod keys;
mod lists;
mod load;
pub(crate) mod lost_answers;
mod openapi;
mod operations;
pub(crate) mod our_client;
mod overload;
mod overrides;
mod parents;
mod recovery;
mod refusals;
mod replicas;
mod revisions;
mod rules;
mod runs;
mod schedules;
mod secured;
mod secured_clients;
mod start;
mod status;
mod success;
mod targets;
mod token_endpoint;
pub(crate) mod verbs;
mod workflowmgr;

use std::sync::Arc;
use std::time::Duration;

use bridge::Bridge;
use bridge::config::Settings;
use bridge_core::Parts;
use bridge_core::model::StartRecord;
use bridge_core::model::{DigKey, IntentKey};
use clap::Parser;
use harness::{SAMPLE_DIG, SAMPLE_INTENT, TemporalServer, http, sample_intent};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use service::shutdown::Shutdown;
use temporal::TemporalTarget;
use tokio::net::TcpListener;
use workflow_api::WorkflowIntent;

use crate::rights::everything;

pub(crate) use client::ScriptedClient;
pub(crate) use engine::ScriptedEngine;

/// Long enough for any step on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(20);
/// The longest time that a test waits for a response that must come soon.
const AT_ONCE: Duration = Duration::from_secs(5);

#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    settings: Settings,
}

/// A running bridge.
pub(crate) struct Api {
    url: String,
    parts: Parts,
    shutdown: Shutdown,
}

impl Api {
    /// Starts a bridge on a database in memory, with a Temporal that is away.
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// Starts such a bridge with flags of `bridge serve`.
    async fn with(flags: &[&str]) -> Self {
        let nowhere = format!("127.0.0.1:{}", harness::free_port());
        Self::on(&nowhere, flags).await
    }

    /// Starts a bridge with a real Temporal.
    async fn on_temporal() -> (Self, &'static TemporalServer) {
        let server = TemporalServer::shared().await.unwrap();
        (Self::on(server.address(), &[]).await, server)
    }

    pub(crate) async fn on(temporal: &str, flags: &[&str]) -> Self {
        let mut arguments = vec!["bridge"];
        arguments.extend(flags);
        if !flags.contains(&"--client-check") {
            // In most tests there is no workflow client.
            arguments.extend(["--client-check", "0s"]);
        }
        if !flags.contains(&"--database") {
            arguments.extend(["--database", "sqlite::memory:"]);
        }
        if !flags.contains(&"--trusted-proxies") {
            arguments.extend(["--trusted-proxies", "127.0.0.1", "--anonymous-networks", "127.0.0.1"]);
        }
        if !flags.contains(&"--rights") {
            arguments.extend(["--rights", everything().to_str().unwrap()]);
        }
        let program: Program = service::settings::try_parse_from(arguments).unwrap();
        let shutdown = Shutdown::new(AT_ONCE);
        let target = TemporalTarget::new(temporal, "default").unwrap();
        let bridge = Bridge::open(&program.settings, target, &shutdown).await.unwrap();
        Self::serve(bridge, shutdown).await
    }

    /// Starts a bridge with a scripted engine.
    async fn on_engine(engine: ScriptedEngine) -> Self {
        Self::on_engine_with(engine, &[]).await
    }

    /// Starts such a bridge with flags of `bridge serve`.
    pub(crate) async fn on_engine_with(engine: ScriptedEngine, flags: &[&str]) -> Self {
        let mut arguments = vec!["bridge", "--client-check", "0s"];
        arguments.extend(flags);
        if !flags.contains(&"--database") {
            arguments.extend(["--database", "sqlite::memory:"]);
        }
        if !flags.contains(&"--rights") {
            arguments.extend(["--rights", everything().to_str().unwrap()]);
        }
        let program: Program = service::settings::try_parse_from(arguments).unwrap();
        let shutdown = Shutdown::new(AT_ONCE);
        let target = TemporalTarget::new("temporal:7233", "default").unwrap();
        let bridge =
            Bridge::with_engine(&program.settings, target, Arc::new(engine), &shutdown).await.unwrap();
        Self::serve(bridge, shutdown).await
    }

    async fn serve(bridge: Bridge, shutdown: Shutdown) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let parts = bridge.parts().clone();
        tokio::spawn(bridge.serve(listener));
        Self { url, parts, shutdown }
    }

    /// Returns the URL of the bridge.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Returns the parts of the use cases.
    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Builds a request to a path below the intents of the sample's group.
    fn request(&self, method: Method, below: &str) -> RequestBuilder {
        http().request(method, format!("{}{SAMPLE_DIG}/temporal-workflow-intents{below}", self.url))
    }

    async fn get(&self, below: &str) -> Response {
        self.request(Method::GET, below).send().await.unwrap()
    }

    async fn post(&self, below: &str, body: impl Into<reqwest::Body>) -> Response {
        self.request(Method::POST, below).body(body).send().await.unwrap()
    }

    /// Registers the sample intent, with a workflow client on this port.
    async fn create_sample(&self, client_port: u16) {
        let body = sample_intent("127.0.0.1", client_port, "http://192.168.1.201:30415");
        assert_eq!(self.post("", body.to_string()).await.status(), 201);
    }

    /// Registers the sample intent with a workflow ID of its own.
    async fn create_with_workflow(&self, workflow_id: &str) {
        self.create(9090, workflow_id).await;
    }

    /// Registers it, with a workflow client on this port.
    async fn create(&self, client_port: u16, workflow_id: &str) {
        let mut body = sample_intent("127.0.0.1", client_port, "http://emco");
        body["spec"]["temporal"]["workflowStartOptions"]["id"] = workflow_id.into();
        assert_eq!(self.post("", body.to_string()).await.status(), 201);
    }

    /// Starts the sample intent with a key.
    async fn start_under(&self, key: &str, body: impl Into<reqwest::Body>) -> Response {
        let start = self.request(Method::POST, &format!("/{SAMPLE_INTENT}/start"));
        start.header("Idempotency-Key", key).body(body).send().await.unwrap()
    }

    async fn start_sample(&self) -> Response {
        self.post(&format!("/{SAMPLE_INTENT}/start"), "").await
    }

    async fn status_of_sample(&self, query: &str) -> Response {
        self.get(&format!("/{SAMPLE_INTENT}/status?{query}")).await
    }

    /// Returns the stored sample intent.
    async fn intent_of_sample(&self) -> Arc<WorkflowIntent> {
        self.parts.store.latest_revision(&sample_key()).await.unwrap().unwrap().intent.unwrap()
    }

    /// Returns the only start record of the sample intent.
    async fn run_of_sample(&self) -> StartRecord {
        let runs = self.parts.store.starts(&sample_key(), None, 10).await.unwrap();
        let [run] = runs.try_into().unwrap();
        run
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.shutdown.stop();
    }
}

pub(crate) fn sample_key() -> IntentKey {
    sample_dig().intent(SAMPLE_INTENT)
}

pub(crate) fn sample_dig() -> DigKey {
    let name = str::to_owned;
    DigKey { project: name("proj1"), composite_app: name("capp1"), version: name("v1"), dig: name("dig1") }
}

/// Checks that the response is a problem of this status and code, and returns its body.
#[track_caller]
fn problem_of(response: Response, status: u16, code: &'static str) -> impl Future<Output = Value> {
    let caller = std::panic::Location::caller();
    async move {
        let (found, kind) = (response.status(), response.headers().get("content-type").cloned());
        let text = response.text().await.unwrap();
        assert_eq!(found, status, "{caller}: {text}");
        assert_eq!(kind.unwrap(), "application/problem+json", "{caller}: {text}");
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(problem["code"], code, "{caller}: {text}");
        assert_eq!(problem["status"], status, "{caller}: {text}");
        problem
    }
}

/// Returns the paths of a problem's faults, in order.
fn fault_paths(problem: &Value) -> Vec<&str> {
    problem["faults"].as_array().unwrap().iter().map(|fault| fault["path"].as_str().unwrap()).collect()
}

#[track_caller]
fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).unwrap_or_else(|| panic!("no header {name}")).to_str().unwrap()
}

/// Returns a unique name.
pub(crate) fn unique(name: &str) -> String {
    format!("{name}-{}", uuid::Uuid::now_v7())
}
