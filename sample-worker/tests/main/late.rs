//! Updates that EMCO carries out long after their responses were lost, with former intents.

use emco_stand_in::{Effect, Fault};
use harness::eventually;
use serde_json::{Value, json};

use crate::run::SOON;
use crate::scene::Scene;

const TARGET: &str = "provider2/cluster2";
const SOURCE: &str = "provider1/cluster1";

/// Longer than the test may take, so that only the late update ends the wait.
fn patient(scene: &Scene) -> Value {
    let mut params = scene.sample_params();
    params["activityParams"]["all-activities"]["updateGrace"] = json!("1h");
    params
}

/// Waits until the workflow watches for late updates, and then releases the withheld one.
async fn comes_late(scene: &Scene, looks: usize) {
    eventually(SOON, "the workflow looks out", async || scene.emco.requests("GET", "/status") >= looks).await;
    assert_eq!(scene.emco.commit_withheld(), 1);
}

#[tokio::test]
async fn a_late_first_step_of_a_relocation_is_corrected() {
    let scene = Scene::new("late-relocation").await;
    scene.emco.forget_bare_removals(false);
    scene.emco.fail(Fault::on("POST", "/update", Effect::Withhold));
    let run = scene.relocate(&patient(&scene)).await;
    // The lost update, its repetition, and the second step.
    eventually(SOON, "three updates", async || scene.emco.requests("POST", "/update") == 3).await;
    let looks = scene.emco.requests("GET", "/status") + 4;
    comes_late(&scene, looks).await;
    let result = run.result().await;
    assert_eq!(result["ReadyOn"], json!({"collectd": [TARGET]}));
    assert_eq!(scene.app_runs_on(), [TARGET]);
    assert_eq!(scene.emco.requests("POST", "/update"), 4);
    run.replays("seen-late-relocation").await;
}

#[tokio::test]
async fn a_late_update_of_an_undone_migration_is_corrected() {
    let scene = Scene::new("late-migration").await;
    scene.emco.forget_bare_removals(false);
    let mut params = patient(&scene);
    params["activityOptions"]["DoDigUpdate"] =
        json!({"StartToCloseTimeout": "20s", "RetryPolicy": {"MaximumAttempts": 1}});
    scene.emco.fail(Fault::on("POST", "/update", Effect::Withhold));
    let run = scene.start_once("EmcoMigrateWorkflow", &params).await;
    // EMCO has nothing to undo yet.
    eventually(SOON, "the intents are back", async || scene.emco.requests("PUT", "app-intents") == 2).await;
    let looks = scene.emco.requests("GET", "/status") + 4;
    comes_late(&scene, looks).await;
    let failure = run.failure().await;
    assert!(failure.text.contains("deployment (collectd on provider1/cluster1)"), "{}", failure.text);
    assert!(!failure.text.contains("could not be undone"), "{}", failure.text);
    assert_eq!(scene.app_runs_on(), [SOURCE]);
    assert_eq!(scene.emco.requests("POST", "/update"), 2);
    run.replays("seen-late-migration").await;
}

#[tokio::test]
async fn the_wait_for_a_late_update_is_limited() {
    let scene = Scene::new("late-never").await;
    scene.emco.forget_bare_removals(false);
    scene.emco.fail(Fault::on("POST", "/update", Effect::Withhold));
    let mut params = patient(&scene);
    params["activityParams"]["all-activities"]["updateGrace"] = json!("1s");
    scene.relocate(&params).await.result().await;
    assert_eq!(scene.app_runs_on(), [TARGET]);
    assert_eq!(scene.emco.requests("POST", "/update"), 3);
}
