//! A replica is taken away, the client hangs, Temporal is cut off; and nothing is lost.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::{Answer, get};
use harness::{SAMPLE_WORKFLOW_ID, eventually};

use crate::network::Container;
use crate::system::{SOON, System, completed, intent, intents, start, status_until};

/// What has a bound of a few seconds has ended by then, on a busy machine too; what has none has not.
const BOUNDED: Duration = Duration::from_secs(25);

#[tokio::test]
async fn a_stopped_replica_ends_in_order_and_the_other_goes_on() -> Result<()> {
    System::with(async |system| {
        let [first, second] = &system.bridges;
        let run_id = held_in_its_first_activity(system, first).await?;

        let waiting = intent(first, "/status?waitForResult=true&timeout=1m");
        let waiting = tokio::spawn(async move { get(&waiting).await });
        eventually(SOON, "the first replica has a waiter", async || {
            let metrics = get(&format!("{}/metrics", first.url())).await?;
            let metrics = metrics.body.as_str().unwrap_or_default().to_owned();
            ensure!(metrics.lines().any(|line| line == "bridge_open_waits 1"), "{metrics}");
            Ok(())
        })
        .await;
        ensure!(first.stop().await? == 0, "it ends in order: {}", first.log().await?);
        // Told to come back, to another replica.
        waiting.await??.expect(202)?;
        status_until(second, "", "the other replica tells it", |answer| answer.text("runID") == run_id).await;

        system.emco.unpause().await?;
        ensure!(completed(second).await? == run_id, "the run that was started is the one that completed");
        first.start_again().await?;
        first.ready("/readyz").await?;
        ensure!(completed(first).await? == run_id, "the replica that is back knows it too");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_hanging_client_is_not_waited_for_and_starts_once() -> Result<()> {
    System::with(async |system| {
        let [first, second] = &system.bridges;
        system.register(first, &system.sample_intent()).await?.expect(201)?;
        system.client.pause().await?;

        let asked = Instant::now();
        let unknown = start_once(first).await?;
        // Twice the bound: the client takes keys, so a lost answer is asked for again.
        ensure!(asked.elapsed() < BOUNDED, "the start took {:?}", asked.elapsed());
        ensure!(
            matches!(unknown.text("code"), "client_unreachable" | "start_outcome_unknown")
                && unknown.status == 502,
            "{} {}",
            unknown.status,
            unknown.body
        );

        system.client.unpause().await?;
        let started =
            eventually(SOON, "the start is done", async || start_once(second).await?.expect(204)).await;
        ensure!(completed(first).await? == started.header("run-id"), "that run completes");
        ensure!(system.runs(SAMPLE_WORKFLOW_ID).await?.len() == 1, "it was started once");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_disconnected_temporal_is_reported_and_recovers() -> Result<()> {
    System::with(async |system| {
        let [first, second] = &system.bridges;
        let run_id = held_in_its_first_activity(system, first).await?;
        system.network.disconnect(&system.temporal).await?;

        for bridge in [first, second] {
            // An open connection that is silent is told from a slow Temporal after a while only; until then
            // each call has its bound.
            eventually(SOON, "Temporal is told to be away", async || {
                let asked = Instant::now();
                let status = get(&intent(bridge, "/status")).await?;
                assert!(asked.elapsed() < BOUNDED, "status took {:?}", asked.elapsed());
                assert!(matches!(status.status, 503 | 504), "{} {}", status.status, status.body);
                ensure!(status.text("code") == "temporal_unavailable", "{}", status.body);
                ensure!(!status.header("retry-after").is_empty(), "{status:?}");
                Ok(())
            })
            .await;
        }
        let asked = Instant::now();
        let refused = start(first).await?;
        ensure!(asked.elapsed() < BOUNDED, "the start took {:?}", asked.elapsed());
        let told = ["client_refused", "start_outcome_unknown"].contains(&refused.text("code"));
        ensure!(refused.status == 502 && told, "{} {}", refused.status, refused.body);
        // What needs no Temporal goes on.
        get(&intents(second)).await?.expect(200)?;
        second.ready("/readyz").await?;

        // What the worker has done meanwhile is told when Temporal is back.
        system.emco.unpause().await?;
        system.network.connect(&system.temporal).await?;
        ensure!(completed(second).await? == run_id, "the run that was started is the one that completed");
        // The apps are there already, which it says; but it begins, and ends.
        let again =
            eventually(SOON, "a start is accepted again", async || start(first).await?.expect(204)).await;
        status_until(second, "waitForResult=true&timeout=30s", "the second run has ended", |answer| {
            answer.status == 200
                && answer.text("workflowState") != "Running"
                && answer.text("runID") == again.header("run-id")
        })
        .await;
        Ok(())
    })
    .await
}

/// Starts the sample intent while EMCO hangs, and gives the run's ID.
async fn held_in_its_first_activity(system: &System, bridge: &Container) -> Result<String> {
    system.register(bridge, &system.sample_intent()).await?.expect(201)?;
    system.emco.pause().await?;
    let started = start(bridge).await?.expect(204)?;
    status_until(bridge, "queryType=current-state", "the first activity runs", |answer| {
        answer.text("workflowQueryResult") == "GetDigAppIntents"
    })
    .await;
    Ok(started.header("run-id").to_owned())
}

/// A start that may be repeated.
async fn start_once(bridge: &Container) -> Result<Answer> {
    let request = harness::http().post(intent(bridge, "/start")).header("idempotency-key", "once");
    e2e::answer(request).await
}
