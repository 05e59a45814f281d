//! A bridge that is killed after it called a workflow client, before the response.

use ::http::StatusCode;
use harness::{
    PostgreSql, Process, ProcessBuilder, Proxy, SAMPLE_DIG, SAMPLE_INTENT, TemporalServer, eventually,
    free_port, http, sample_intent,
};
use reqwest::Response;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::serving;
use crate::api::lost_answers::{port, the_one_run};
use crate::api::our_client::OurClient;
use crate::api::{SOON, ScriptedClient, unique};

/// A bridge as a process of its own.
struct Served {
    process: Process,
    url: String,
}

impl Served {
    async fn new(configure: impl FnOnce(u16) -> ProcessBuilder) -> Self {
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        let mut served = Self { process: configure(port).spawn().unwrap(), url };
        served.wait_ready().await;
        served
    }

    async fn wait_ready(&mut self) {
        self.process.wait_ready(&format!("{}/readyz", self.url)).await.unwrap();
    }

    async fn create(&self, client_port: u16, workflow_id: &str) {
        let mut intent = sample_intent("127.0.0.1", client_port, "http://emco");
        intent["spec"]["temporal"]["workflowStartOptions"]["id"] = workflow_id.into();
        let intents = format!("{}{SAMPLE_DIG}/temporal-workflow-intents", self.url);
        assert_eq!(http().post(intents).body(intent.to_string()).send().await.unwrap().status(), 201);
    }

    /// Starts the intent in the background.
    fn start(&self, key: &str) -> JoinHandle<reqwest::Result<Response>> {
        let url = format!("{}{SAMPLE_DIG}/temporal-workflow-intents/{SAMPLE_INTENT}/start", self.url);
        tokio::spawn(http().post(url).header("Idempotency-Key", key).send())
    }

    /// Starts the intent with an earlier key until the start's outcome is known, and returns its run.
    async fn run_under(&self, key: &str) -> String {
        let answer = eventually(SOON * 2, "the repeat is answered", async || {
            let answer = self.start(key).await.unwrap()?;
            let status = answer.status();
            if status == StatusCode::NO_CONTENT {
                return Ok(answer);
            }
            Err(anyhow::anyhow!("{status}: {}", answer.text().await?))
        })
        .await;
        answer.headers()["run-id"].to_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_start_under_way_is_settled_by_the_next_life() {
    let temporal = TemporalServer::shared().await.unwrap();
    let client = ScriptedClient::start(std::future::pending::<StatusCode>).await;
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("bridge.db");
    let mut bridge = Served::new(|port| serving(port, &database, temporal.address())).await;

    let id = unique("killed");
    bridge.create(client.port, &id).await;
    let caller = bridge.start("key-1");
    eventually(SOON, "the client is asked", async || client.asked().len() == 1).await;
    let args = ["workflow", "start", "--type", "T", "--task-queue", "nobody", "--workflow-id", &id];
    let started = temporal.cli(&args).await.unwrap();
    bridge.process.kill().unwrap();
    caller.await.unwrap().unwrap_err();

    bridge.process.restart().unwrap();
    bridge.wait_ready().await;
    let runs = format!("{}{SAMPLE_DIG}/temporal-workflow-intents/{SAMPLE_INTENT}/runs", bridge.url);
    let settled = eventually(SOON, "the start is settled", async || {
        let runs: Vec<Value> = http().get(&runs).send().await.unwrap().json().await.unwrap();
        let [run] = runs.try_into().unwrap();
        (run["outcome"] != "starting").then_some(run)
    })
    .await;
    assert_eq!((&settled["outcome"], &settled["runID"]), (&"started".into(), &started["runId"]));
    // Nothing was sent twice.
    assert_eq!(client.asked().len(), 1);
}

#[tokio::test]
async fn a_repeat_after_a_kill_leads_to_the_run_that_was_started() {
    let temporal = TemporalServer::shared().await.unwrap();
    let client = OurClient::start(temporal.address()).await;
    let mut proxy = Proxy::start(&client.address()).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("bridge.db");
    let mut bridge = Served::new(|port| serving(port, &database, temporal.address())).await;

    let id = unique("killed-and-repeated");
    bridge.create(port(&proxy), &id).await;
    proxy.lose_answers();
    let caller = bridge.start("key-1");
    let run = the_one_run(temporal, &id).await;
    bridge.process.kill().unwrap();
    caller.await.unwrap().unwrap_err();
    proxy.cut();
    proxy.resume().await.unwrap();

    bridge.process.restart().unwrap();
    bridge.wait_ready().await;
    assert_eq!(bridge.run_under("key-1").await, run);
    assert_eq!(the_one_run(temporal, &id).await, run);
}

#[tokio::test]
async fn another_replica_takes_over_what_a_killed_one_left() {
    let temporal = TemporalServer::shared().await.unwrap();
    let client = OurClient::start(temporal.address()).await;
    let mut proxy = Proxy::start(&client.address()).await.unwrap();
    let database = PostgreSql::shared().await.unwrap().database().await.unwrap();
    let replica = |port| {
        serving(port, std::path::Path::new("unused"), temporal.address())
            .env("BRIDGE_DATABASE", &database)
            .env("BRIDGE_START_TIMEOUT", "4s")
    };
    let (mut first, second) = (Served::new(replica).await, Served::new(replica).await);

    let id = unique("taken-over");
    first.create(port(&proxy), &id).await;
    proxy.lose_answers();
    let caller = first.start("key-1");
    let run = the_one_run(temporal, &id).await;
    // As long as the first process lives, the start belongs to it.
    assert_eq!(second.start("key-1").await.unwrap().unwrap().status(), 409);
    first.process.kill().unwrap();
    caller.await.unwrap().unwrap_err();
    proxy.cut();
    proxy.resume().await.unwrap();

    assert_eq!(second.run_under("key-1").await, run);
    assert_eq!(the_one_run(temporal, &id).await, run);
}
