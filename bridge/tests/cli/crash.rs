//! A bridge killed between asking a workflow client and hearing its answer.

use ::http::StatusCode;
use bridge::run::Outcome;
use bridge::storage::{self, DatabaseUrl};
use harness::{SAMPLE_DIG, SAMPLE_INTENT, TemporalServer, eventually, free_port, http, sample_intent};

use super::serving;
use crate::api::{SOON, ScriptedClient, sample_dig, unique};

#[tokio::test]
async fn a_start_under_way_is_settled_by_the_next_life() {
    let temporal = TemporalServer::shared().await.unwrap();
    let client = ScriptedClient::start(std::future::pending::<StatusCode>).await;
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("bridge.db");
    let port = free_port();
    let mut process = serving(port, &database, temporal.address()).spawn().unwrap();
    let ready = format!("http://127.0.0.1:{port}/readyz");
    process.wait_ready(&ready).await.unwrap();

    let id = unique("killed");
    let intents = format!("http://127.0.0.1:{port}{SAMPLE_DIG}/temporal-workflow-intents");
    let mut intent = sample_intent("127.0.0.1", client.port, "http://emco");
    intent["spec"]["temporal"]["workflowStartOptions"]["id"] = id.as_str().into();
    assert_eq!(http().post(&intents).body(intent.to_string()).send().await.unwrap().status(), 201);
    let caller = tokio::spawn(http().post(format!("{intents}/{SAMPLE_INTENT}/start")).send());
    eventually(SOON, "the client is asked", async || client.asked().len() == 1).await;
    let args = ["workflow", "start", "--type", "T", "--task-queue", "nobody", "--workflow-id", &id];
    let started = temporal.cli(&args).await.unwrap();
    process.kill().unwrap();
    caller.await.unwrap().unwrap_err();

    process.restart().unwrap();
    process.wait_ready(&ready).await.unwrap();
    let store = storage::open(&DatabaseUrl::SqliteFile(database)).await.unwrap();
    let outcome = eventually(SOON, "the start is settled", async || {
        let runs = store.runs(&sample_dig().intent(SAMPLE_INTENT), None, 10).await.unwrap();
        let [run] = runs.try_into().unwrap();
        (run.outcome != Outcome::Starting).then_some(run.outcome)
    })
    .await;
    let Outcome::Started { run_id, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(run_id.unwrap().as_str(), started["runId"]);
    // Nothing was sent twice.
    assert_eq!(client.asked().len(), 1);
}
