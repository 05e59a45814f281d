//! A failed move is undone, and the failure reports it.

use std::time::Duration;

use emco::{AppIntent, Client, ClusterRef, Settings};
use emco_stand_in::{Effect, Fault, samples};
use harness::eventually;
use serde_json::{Value, json};
use temporalio_client::errors::WorkflowGetResultError;

use crate::run::SOON;
use crate::scene::Scene;

const GPI: &str = "dig1-placement-intent";

fn answer(status: u16, body: &str) -> Effect {
    Effect::Answer { status, content_type: "text/plain", body: body.to_owned() }
}

fn target() -> ClusterRef {
    ClusterRef::new("provider2", "cluster2")
}

/// Adds a description to the sample app's intent, and returns the intent.
async fn marked(scene: &Scene) -> AppIntent {
    let emco = Client::new(scene.emco.url(), Settings::default()).unwrap();
    let mut intent = intent(scene).await;
    intent.metadata.user_data2 = "ours".to_owned();
    emco.put_app_intent(&samples::dig(), GPI, &intent).await.unwrap()
}

async fn intent(scene: &Scene) -> AppIntent {
    let emco = Client::new(scene.emco.url(), Settings::default()).unwrap();
    emco.list_app_intents(&samples::dig(), GPI).await.unwrap().remove(0)
}

fn impatient(scene: &Scene, name: &str, value: &str) -> Value {
    let mut params = scene.sample_params();
    params["activityParams"]["all-activities"]["readyTimeout"] = json!("2s");
    params["activityParams"]["all-activities"][name] = json!(value);
    params
}

#[tokio::test]
async fn an_app_that_does_not_come_up_goes_back() {
    let scene = Scene::new("unready").await;
    let before = marked(&scene).await;
    scene.emco.hold(&target(), Some("collectd"), None);
    let run = scene.start(&impatient(&scene, "readyTimeout", "2s")).await;
    let failure = run.failure().await;
    assert_eq!((failure.kind.as_str(), failure.non_retryable), ("NotReady", true));
    for words in [
        "collectd is not ready on provider2/cluster2",
        "undone: app intents (dig1-placement-intent/collectd-placement-intent), deployment (collectd on provider1/cluster1)",
    ] {
        assert!(failure.text.contains(words), "{words} in {}", failure.text);
    }
    scene.emco.release(&target());
    assert_eq!(scene.app_runs_on(), ["provider1/cluster1"]);
    assert_eq!(intent(&scene).await, before);
    run.replays("seen-rolled-back").await;
}

#[tokio::test]
async fn what_cannot_be_undone_is_told() {
    let scene = Scene::new("stuck").await;
    scene.emco.hold(&target(), None, None);
    let params = impatient(&scene, "readyTimeout", "3s");
    let run = scene.start(&params).await;
    run.reaches("CheckReadinessStatus").await;
    scene.emco.fail(Fault::on("PUT", "app-intents", answer(403, "RBAC: access denied")).always());
    let failure = run.failure().await;
    assert!(failure.non_retryable);
    for words in [
        "could not be undone: app intents (dig1-placement-intent/collectd-placement-intent) (RestoreAppIntents failed: ",
        "deployment (collectd on provider1/cluster1) (not tried",
    ] {
        assert!(failure.text.contains(words), "{words} in {}", failure.text);
    }
    run.replays("seen-not-undone").await;
}

#[tokio::test]
async fn without_compensation_nothing_is_undone() {
    let scene = Scene::new("left").await;
    scene.emco.hold(&target(), None, None);
    let failure = scene.start(&impatient(&scene, "compensate", "false")).await.failure().await;
    assert_eq!(failure.kind, "NotReady");
    scene.emco.release(&target());
    assert_eq!(scene.app_runs_on(), ["provider1/cluster1", "provider2/cluster2"]);
}

#[tokio::test]
async fn a_migration_cancelled_while_it_waits_is_undone() {
    let scene = Scene::new("cancel-waiting").await;
    let before = marked(&scene).await;
    scene.emco.hold(&target(), None, None);
    let run = scene.start(&scene.sample_params()).await;
    run.reaches("CheckReadinessStatus").await;
    run.cancel().await;
    let end = run.end().await;
    assert!(matches!(end, Err(WorkflowGetResultError::Cancelled { .. })), "{end:?}");
    scene.emco.release(&target());
    assert_eq!(scene.app_runs_on(), ["provider1/cluster1"]);
    assert_eq!(intent(&scene).await, before);
    run.replays("seen-cancelled-waiting").await;
}

#[tokio::test]
async fn a_refused_update_leaves_the_intents_unchanged() {
    let scene = Scene::new("refused-update").await;
    let before = marked(&scene).await;
    let text = "No compatible clusters have been provided to the Deployment Intent Group";
    scene.emco.fail(Fault::on("POST", "/update", answer(500, text)).always());
    let run = scene.start(&scene.sample_params()).await;
    let failure = run.failure().await;
    assert_eq!(failure.kind, "EmcoNoClusters");
    assert!(failure.text.contains("undone: app intents"), "{}", failure.text);
    // Nothing was deployed, so there was no deployment to undo.
    assert_eq!(scene.emco.requests("POST", "/update"), 1);
    assert_eq!(intent(&scene).await, before);
    run.replays("update-refused").await;
}

#[tokio::test]
async fn an_app_that_is_slow_is_waited_for() {
    let scene = Scene::new("slow").await;
    scene.emco.hold(&target(), Some("collectd"), Some(Duration::from_secs(3)));
    let run = scene.start(&scene.sample_params()).await;
    eventually(SOON, "EMCO has updated", async || scene.emco.requests("POST", "/update") == 1).await;
    let result = run.result().await;
    assert_eq!(result["ReadyOn"], json!({"collectd": ["provider2/cluster2"]}));
    assert_eq!(scene.app_runs_on(), ["provider2/cluster2"]);
}
