//! Starts whose response is lost: our clients are called again, clients written for EMCO never.

use harness::{Proxy, TemporalServer, eventually};
use serde_json::json;

use super::our_client::OurClient;
use super::{Api, SOON, ScriptedClient, header, problem_of, unique};

/// Returns Temporal's run of this workflow, which must be the only one.
pub(crate) async fn the_one_run(temporal: &TemporalServer, id: &str) -> String {
    let query = format!("WorkflowId = '{id}'");
    let run = eventually(SOON, "Temporal has the run", async || {
        let described = temporal.cli(&["workflow", "describe", "--workflow-id", id]).await?;
        anyhow::Ok(described["workflowExecutionInfo"]["execution"]["runId"].as_str().unwrap().to_owned())
    })
    .await;
    // Visibility is updated later than the run itself.
    eventually(SOON, "Temporal lists the run", async || {
        let count = temporal.cli(&["workflow", "count", "--query", &query]).await?["count"].clone();
        anyhow::ensure!(count == "1", "{count} runs");
        Ok(())
    })
    .await;
    run
}

#[tokio::test]
async fn our_client_is_asked_again_after_a_broken_connection() {
    let (api, temporal) = Api::on_temporal().await;
    let client = OurClient::start(temporal.address()).await;
    let mut proxy = Proxy::start(&client.address()).await.unwrap();
    let id = unique("cut");
    api.create(port(&proxy), &id).await;
    proxy.lose_answers();
    let (started, run) = tokio::join!(api.start_sample(), async {
        let run = the_one_run(temporal, &id).await;
        proxy.cut();
        proxy.resume().await.unwrap();
        run
    });
    assert_eq!((started.status().as_u16(), header(&started, "run-id")), (204, run.as_str()));
    assert_eq!(the_one_run(temporal, &id).await, run);
}

#[tokio::test]
async fn our_client_is_asked_again_when_it_is_silent() {
    let temporal = TemporalServer::shared().await.unwrap();
    let api = Api::on(temporal.address(), &["--start-timeout", "9s"]).await;
    let client = OurClient::start(temporal.address()).await;
    let mut proxy = Proxy::start(&client.address()).await.unwrap();
    let id = unique("silent");
    api.create(port(&proxy), &id).await;
    proxy.lose_answers();
    let (started, run) = tokio::join!(api.start_sample(), async {
        let run = the_one_run(temporal, &id).await;
        // The connection stays open, but the response is lost.
        proxy.resume().await.unwrap();
        run
    });
    assert_eq!((started.status().as_u16(), header(&started, "run-id")), (204, run.as_str()));
    assert_eq!(the_one_run(temporal, &id).await, run);
}

#[tokio::test]
async fn a_client_without_keys_is_called_once_and_temporal_is_asked() {
    let (api, temporal) = Api::on_temporal().await;
    let client = ScriptedClient::losing_answers().await;
    let id = unique("known-by-temporal");
    api.create(client.port, &id).await;
    let (started, run) = tokio::join!(api.start_sample(), async {
        eventually(SOON, "the client is asked", async || client.asked().len() == 1).await;
        let args = ["workflow", "start", "--type", "T", "--task-queue", "nobody", "--workflow-id", &id];
        temporal.cli(&args).await.unwrap()["runId"].as_str().unwrap().to_owned()
    });
    assert_eq!((started.status().as_u16(), header(&started, "run-id")), (204, run.as_str()));
    client.asked_once();
}

#[tokio::test]
async fn an_unknown_outcome_has_a_way_to_find_it_out() {
    let temporal = TemporalServer::shared().await.unwrap();
    let api = Api::on(temporal.address(), &["--start-timeout", "1s"]).await;
    let client = ScriptedClient::losing_answers().await;
    let id = unique("unknown");
    api.create(client.port, &id).await;
    let problem = problem_of(api.start_under("key-1", "").await, 502, "start_outcome_unknown").await;
    assert_eq!(problem["workflowID"], id);
    assert!(
        problem["statusLink"].as_str().unwrap().ends_with(&format!("/status?workflowID={id}")),
        "{problem}"
    );
    assert!(problem["detail"].as_str().unwrap().contains("Idempotency-Key"), "{problem}");

    // The client was only slow; the repeat finds this out.
    let args = ["workflow", "start", "--type", "T", "--task-queue", "nobody", "--workflow-id", &id];
    let run = temporal.cli(&args).await.unwrap()["runId"].clone();
    let found = api.start_under("key-1", "").await;
    assert_eq!((found.status().as_u16(), json!(header(&found, "run-id"))), (204, run));
    client.asked_once();
}

pub(crate) fn port(proxy: &Proxy) -> u16 {
    proxy.address().rsplit_once(':').unwrap().1.parse().unwrap()
}
