//! Removals are checked, with an EMCO whose rsync forgets them, and no app is lost when rsync restarts.

mod placements;

use emco::{Clause, Client, Settings};
use emco_stand_in::{Effect, Fault, samples};
use serde_json::{Value, json};

use self::placements::{By, Case};
use crate::scene::Scene;
use crate::site::SETTLE;

const MIGRATE: &str = "EmcoMigrateWorkflow";
const EVACUATE: &str = "EmcoEvacuateClusterWorkflow";
const GPI: &str = "gpi";

fn changed(scene: &Scene, changes: &[(&str, &str)]) -> Value {
    let mut params = scene.sample_params();
    for (name, value) in changes {
        params["activityParams"]["all-activities"][name] = json!(value);
    }
    params
}

const BACK: [(&str, &str); 2] = [("targetClusterProvider", "provider1"), ("targetClusterName", "cluster1")];

#[tokio::test]
async fn two_moves_and_a_restart_of_rsync_lose_no_app() {
    let scene = Scene::new("there-and-back").await;
    scene.relocate(&scene.sample_params()).await.result().await;
    assert_eq!(scene.app_runs_on(), ["provider2/cluster2"]);
    scene.relocate(&changed(&scene, &BACK)).await.result().await;
    scene.emco.restart_rsync();
    scene.emco.advance(4 * SETTLE);
    assert_eq!(scene.app_runs_on(), ["provider1/cluster1"]);
}

#[tokio::test]
async fn a_failed_removal_is_reported_with_its_place() {
    let scene = Scene::new("not-removed").await;
    let refusal = Effect::Answer { status: 500, content_type: "text/plain", body: "no".to_owned() };
    scene.emco.fail(Fault::on("POST", "/rollback", refusal).always());
    // The move is not undone: the app is ready on the target.
    let params = changed(&scene, &[("readyTimeout", "3s")]);
    let failure = scene.relocate(&params).await.failure().await;
    assert_eq!((failure.kind.as_str(), failure.non_retryable), ("NotRemoved", true), "{}", failure.text);
    assert!(!failure.text.contains("undone"), "{}", failure.text);
    for words in [
        "collectd still runs on provider1/cluster1: EMCO's rsync has not made the removal",
        "of revision 2 is Instantiated, not Updated",
        "; restart EMCO's rsync, which then makes the pending removals of all",
    ] {
        assert!(failure.text.contains(words), "{words} in {}", failure.text);
    }
    assert_eq!(scene.app_runs_on(), ["provider1/cluster1", "provider2/cluster2"]);
    scene.emco.restart_rsync();
    scene.emco.advance(4 * SETTLE);
    assert_eq!(scene.app_runs_on(), ["provider2/cluster2"]);
}

#[tokio::test]
async fn no_pending_removal_is_left_behind() {
    let scene = Scene::new("nothing-left").await;
    // Each update comes after rsync has completed the rollback before it.
    scene.emco.fail(Fault::on("POST", "/update", Effect::Delay(5 * SETTLE)).after(2).always());
    let params = changed(&scene, &[("readyTimeout", "6s"), ("compensate", "false")]);
    let failure = scene.relocate(&params).await.failure().await;
    assert_eq!(failure.kind, "NotRemoved", "{}", failure.text);
    assert!(
        failure.text.contains("rollbacks and updates; EMCO now places it there again"),
        "{}",
        failure.text
    );
    scene.emco.advance(4 * SETTLE);
    let both = ["provider1/cluster1", "provider2/cluster2"];
    assert_eq!(scene.app_runs_on(), both);
    scene.emco.restart_rsync();
    scene.emco.advance(4 * SETTLE);
    assert_eq!(scene.app_runs_on(), both);
}

/// Moves the app without a workflow, so that rsync forgets the removal.
async fn moved_by_hand(scene: &Scene) {
    let emco = Client::new(scene.emco.url(), Settings::default()).unwrap();
    let (dig, gpi) = (samples::dig(), "dig1-placement-intent");
    let mut intent = emco.list_app_intents(&dig, gpi).await.unwrap().remove(0);
    let [source, target] =
        [("provider1", "cluster1"), ("provider2", "cluster2")].map(|(of, name)| Clause::cluster(of, name));
    for all_of in [vec![source, target.clone()], vec![target]] {
        intent.spec.intent.all_of = all_of;
        emco.put_app_intent(&dig, gpi, &intent).await.unwrap();
        emco.update_dig(&dig).await.unwrap();
        scene.emco.advance(2 * SETTLE);
    }
}

#[tokio::test]
async fn an_app_is_not_moved_to_a_pending_removal() {
    let scene = Scene::new("owed").await;
    moved_by_hand(&scene).await;
    let failure = scene.relocate(&changed(&scene, &BACK)).await.failure().await;
    assert_eq!((failure.kind.as_str(), failure.non_retryable), ("RemovalPending", true), "{}", failure.text);
    for words in ["nothing was changed: collectd still runs on provider1/cluster1", "restart EMCO's rsync"] {
        assert!(failure.text.contains(words), "{words} in {}", failure.text);
    }
    scene.emco.restart_rsync();
    scene.emco.advance(4 * SETTLE);
    scene.relocate(&changed(&scene, &BACK)).await.result().await;
    assert_eq!(scene.app_runs_on(), ["provider1/cluster1"]);
}

#[tokio::test]
async fn a_group_that_was_instantiated_again_loses_no_app() {
    let scene = Scene::new("anew").await;
    moved_by_hand(&scene).await;
    let dig = "/v2/projects/proj1/composite-apps/capp1/v1/deployment-intent-groups/dig1";
    for operation in ["terminate", "approve", "instantiate"] {
        let url = format!("{}{dig}/{operation}", scene.emco.url());
        assert!(harness::http().post(url).send().await.unwrap().status().is_success(), "{operation}");
        scene.emco.restart_rsync();
        scene.emco.advance(4 * SETTLE);
    }
    assert_eq!(scene.app_runs_on(), ["provider2/cluster2"]);
    // EMCO counts revisions from 1 again, and rolls back to the oldest one with a number: the removal cannot be forced.
    let params = changed(&scene, &[&BACK[..], &[("readyTimeout", "3s")]].concat());
    let failure = scene.relocate(&params).await.failure().await;
    assert_eq!(failure.kind, "NotRemoved", "{}", failure.text);
    assert_eq!(scene.app_runs_on(), ["provider1/cluster1", "provider2/cluster2"]);
    scene.emco.restart_rsync();
    scene.emco.advance(4 * SETTLE);
    assert_eq!(scene.app_runs_on(), ["provider1/cluster1"]);
}

#[tokio::test]
async fn an_evacuation_names_pending_removals() {
    let scene = Scene::new("evacuate-forgotten").await;
    moved_by_hand(&scene).await;
    let mut params =
        changed(&scene, &[("sourceClusterProvider", "provider1"), ("sourceClusterName", "cluster1")]);
    let all = params["activityParams"]["all-activities"].as_object_mut().unwrap();
    all.retain(|name, _| {
        !matches!(name.as_str(), "compositeApp" | "compositeAppVersion" | "deploymentIntentGroup")
    });
    let failure = scene.start_once(EVACUATE, &params).await.failure().await;
    assert_eq!(failure.kind, "EvacuationIncomplete");
    assert!(failure.text.contains("collectd still runs on provider1/cluster1"), "{}", failure.text);
}

#[tokio::test]
async fn an_evacuation_with_moves_names_pending_removals() {
    let scene = Scene::new("evacuate-beside").await;
    let name = "beside".to_owned();
    let case = Case { workflow: EVACUATE, by: By::Cluster, apps: &["one", "two"], name };
    case.prepare(&scene).await;
    // Somebody moves one app by hand, and rsync forgets to remove it from its former cluster.
    let emco = Client::new(scene.emco.url(), Settings::default()).unwrap();
    let mut intent = emco.list_app_intents(&case.dig(), GPI).await.unwrap().remove(0);
    let on = |cluster: &str| Clause::cluster(&case.name, cluster);
    for all_of in [vec![on("edge1"), on("core")], vec![on("core")]] {
        intent.spec.intent.all_of = all_of;
        emco.put_app_intent(&case.dig(), GPI, &intent).await.unwrap();
        emco.update_dig(&case.dig()).await.unwrap();
        scene.emco.advance(2 * SETTLE);
    }
    let failure = scene.start_once(EVACUATE, &case.params(&scene, &[])).await.failure().await;
    assert_eq!(failure.kind, "EvacuationIncomplete");
    assert!(failure.text.contains("one still runs on beside/edge1"), "{}", failure.text);
    let applied = scene.emco.applied(&case.dig());
    assert_eq!(applied["two"], [case.cluster("target")]);
    assert_eq!(applied["one"], [case.cluster("core"), case.cluster("edge1")]);
}

#[tokio::test]
async fn a_migration_without_wait_checks_removals_too() {
    let scene = Scene::new("swap").await;
    let swap = [("waitReady", "false"), ("readyTimeout", "3s")];
    let run = scene.start_once(MIGRATE, &changed(&scene, &swap)).await;
    run.result().await;
    assert_eq!(scene.app_runs_on(), ["provider2/cluster2"]);
    // The removal was forgotten. The pending removal does not prevent the undo.
    scene.emco.forget_removals(1);
    let failure =
        scene.start_once(MIGRATE, &changed(&scene, &[&swap[..], &BACK].concat())).await.failure().await;
    assert_eq!(failure.kind, "NotRemoved", "{}", failure.text);
    assert!(!failure.text.contains("could not be undone"), "{}", failure.text);
    assert_eq!(scene.app_runs_on(), ["provider2/cluster2"]);
    scene.emco.restart_rsync();
    scene.emco.advance(4 * SETTLE);
    assert_eq!(scene.app_runs_on(), ["provider2/cluster2"]);
}
