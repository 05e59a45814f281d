//! Failures of EMCO, the network and the worker.

use emco::{Client, Settings, StatusQuery};
use emco_stand_in::{Effect, Fault, samples};
use harness::{TemporalServer, eventually, http};
use serde_json::json;
use temporalio_client::errors::WorkflowGetResultError;

use crate::run::SOON;
use crate::scene::Scene;

fn answer(status: u16, body: &str) -> Effect {
    Effect::Answer { status, content_type: "text/plain", body: body.to_owned() }
}

#[tokio::test]
async fn calls_to_an_unavailable_emco_are_retried() {
    let scene = Scene::new("away").await;
    scene.emco.fail(Fault::on("GET", "app-intents", answer(503, "")).times(2));
    scene.emco.fail(Fault::on("PUT", "app-intents", Effect::HangUp));
    let run = scene.start(&scene.sample_params()).await;
    run.result().await;
    assert_eq!(scene.app_runs_on(), ["provider2/cluster2"]);
    let attempts: Vec<_> = run.attempts().await.into_iter().map(|(_, attempts)| attempts).collect();
    assert_eq!(attempts, [3, 1, 2, 1, 1, 1, 1, 1]);
}

#[tokio::test]
async fn an_update_with_lost_response_is_not_repeated() {
    let scene = Scene::new("lost").await;
    scene.emco.forget_bare_removals(false);
    scene.emco.fail(Fault::on("POST", "/update", Effect::LoseAnswer));
    let run = scene.start(&scene.sample_params()).await;
    run.result().await;
    assert_eq!(run.attempts().await[3], ("DoDigUpdate".to_owned(), 2));
    // One for each step.
    assert_eq!(scene.emco.requests("POST", "/update"), 2);
    assert_eq!(scene.app_runs_on(), ["provider2/cluster2"]);
    let emco = Client::new(scene.emco.url(), Settings::default()).unwrap();
    let status = emco.dig_status(&samples::dig(), &StatusQuery::default()).await.unwrap();
    assert_eq!(status.revision().map(|revision| revision.0), Some(3));
}

#[tokio::test]
async fn an_update_that_did_not_arrive_is_repeated() {
    let scene = Scene::new("unheard").await;
    scene.emco.forget_bare_removals(false);
    scene.emco.fail(Fault::on("POST", "/update", Effect::HangUp));
    scene.start(&scene.sample_params()).await.result().await;
    assert_eq!(scene.emco.requests("POST", "/update"), 3);
    assert_eq!(scene.app_runs_on(), ["provider2/cluster2"]);
}

#[tokio::test]
async fn lasting_refusals_are_not_retried() {
    let scene = Scene::new("refused").await;
    scene.emco.fail(Fault::on("PUT", "app-intents", answer(400, "Missing app for the intent")).always());
    let run = scene.start(&scene.sample_params()).await;
    let failure = run.failure().await;
    assert_eq!((failure.kind.as_str(), failure.non_retryable), ("EmcoInvalid", true));
    assert!(failure.text.contains("UpdateAppIntents failed: EMCO responded 400"), "{}", failure.text);
    assert!(failure.text.contains("Missing app for the intent"), "{}", failure.text);
    assert_eq!(run.attempts().await[2], ("UpdateAppIntents".to_owned(), 1));
    // The workflow is not retried either, in spite of its retry policy.
    assert_eq!(run.workflow_attempts().await, 1);
    assert_eq!(run.current_state(Default::default()).await, "RestoreAppIntents");
    run.replays("safe-refused").await;
}

#[tokio::test]
async fn a_dig_that_is_not_instantiated_cannot_be_updated() {
    let scene = Scene::new("terminated").await;
    let dig = "/v2/projects/proj1/composite-apps/capp1/v1/deployment-intent-groups/dig1";
    let terminated = http().post(format!("{}{dig}/terminate", scene.emco.url())).send().await.unwrap();
    assert!(terminated.status().is_success());
    let run = scene.start(&scene.sample_params()).await;
    let failure = run.failure().await;
    assert_eq!((failure.kind.as_str(), failure.non_retryable), ("EmcoNotInstantiated", true));
    assert_eq!(run.workflow_attempts().await, 1);
}

#[tokio::test]
async fn an_unknown_dig_is_told() {
    let scene = Scene::new("unknown").await;
    let mut params = scene.sample_params();
    params["activityParams"]["all-activities"]["deploymentIntentGroup"] = json!("nobody");
    let failure = scene.start(&params).await.failure().await;
    assert_eq!(failure.kind, "NoAppIntents");
    assert!(failure.text.contains("proj1/capp1/v1/nobody has no app intents"), "{}", failure.text);
    assert!(failure.text.contains("Its composite app has dig1"), "{}", failure.text);
}

#[tokio::test]
async fn what_the_intents_retry_policy_ends_ends() {
    let scene = Scene::new("bounded").await;
    let mut params = scene.sample_params();
    params["activityOptions"]["all-activities"]["RetryPolicy"]["MaximumAttempts"] = json!(2);
    scene.emco.fail(Fault::on("GET", "generic-placement-intents", answer(500, "boom")).always());
    let run = scene.start(&params).await;
    let failure = run.failure().await;
    assert!(failure.text.contains("boom"), "{}", failure.text);
    // Two attempts of the activity in each of the two runs that the intent allows.
    assert_eq!(run.workflow_attempts().await, 2);
    assert_eq!(run.attempts().await, [("GetDigAppIntents".to_owned(), 2)]);
    assert_eq!(scene.emco.requests("GET", "generic-placement-intents"), 4);
}

#[tokio::test]
async fn a_killed_worker_is_noticed_and_loses_nothing() {
    let mut scene = Scene::new("killed").await;
    scene.emco.fail(Fault::on("PUT", "app-intents", Effect::Silence));
    let run = scene.start(&scene.sample_params()).await;
    eventually(SOON, "the worker is at work", async || scene.emco.requests("PUT", "app-intents") == 1).await;
    scene.worker.restart().unwrap();
    run.result().await;
    assert_eq!(run.attempts().await[2], ("UpdateAppIntents".to_owned(), 2));
    assert_eq!(scene.app_runs_on(), ["provider2/cluster2"]);
    run.replays("seen-worker-killed").await;
}

#[tokio::test]
async fn a_worker_continues_after_an_outage_of_temporal() {
    let mut temporal = TemporalServer::start().await.unwrap();
    let scene = Scene::on(&temporal, "restarted", &[]).await;
    scene.emco.fail(Fault::on("PUT", "app-intents", answer(503, "")).always());
    let run = scene.start(&scene.sample_params()).await;
    eventually(SOON, "the worker is at work", async || scene.emco.requests("PUT", "app-intents") > 0).await;
    temporal.kill().unwrap();
    scene.emco.heal();
    temporal.restart().await.unwrap();
    run.result().await;
    assert_eq!(scene.app_runs_on(), ["provider2/cluster2"]);
}

#[tokio::test]
async fn a_cancelled_migration_stops_its_activity() {
    let scene = Scene::new("cancelled").await;
    scene.emco.fail(Fault::on("GET", "app-intents", Effect::Silence).always());
    let mut params = scene.sample_params();
    params["activityOptions"]["all-activities"]["WaitForCancellation"] = json!(true);
    let run = scene.start(&params).await;
    eventually(SOON, "the worker is at work", async || scene.emco.requests("GET", "app-intents") == 1).await;
    run.cancel().await;
    let end = run.end().await;
    assert!(matches!(end, Err(WorkflowGetResultError::Cancelled { .. })), "{end:?}");
    assert_eq!(run.attempts().await, [("GetDigAppIntents".to_owned(), 1)]);
    run.replays("safe-cancelled").await;
}
