//! Apps are seen to leave, on an EMCO whose rsync forgets removals, and do not vanish when it restarts; however they are placed.

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
async fn there_and_back_and_a_restart_of_rsync_lose_nothing() {
    let scene = Scene::new("there-and-back").await;
    scene.relocate(&scene.sample_params()).await.result().await;
    assert_eq!(scene.app_runs_on(), ["provider2/cluster2"]);
    scene.relocate(&changed(&scene, &BACK)).await.result().await;
    scene.emco.restart_rsync();
    scene.emco.advance(4 * SETTLE);
    assert_eq!(scene.app_runs_on(), ["provider1/cluster1"]);
}

#[tokio::test]
async fn what_cannot_be_removed_fails_and_says_what_runs_where() {
    let scene = Scene::new("not-removed").await;
    let refusal = Effect::Answer { status: 500, content_type: "text/plain", body: "no".to_owned() };
    scene.emco.fail(Fault::on("POST", "/rollback", refusal).always());
    // It is taken back no more than it would be without `compensate`: the app is ready where it is wanted.
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
async fn no_removal_is_left_for_later_where_it_cannot_be_had() {
    let scene = Scene::new("nothing-left").await;
    // Each update comes when rsync has done with the roll-back before it.
    scene.emco.fail(Fault::on("POST", "/update", Effect::Delay(5 * SETTLE)).after(2).always());
    let params = changed(&scene, &[("readyTimeout", "6s"), ("compensate", "false")]);
    let failure = scene.relocate(&params).await.failure().await;
    assert_eq!(failure.kind, "NotRemoved", "{}", failure.text);
    assert!(
        failure.text.contains("roll-backs and updates; EMCO now places it there again"),
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

/// Has EMCO move the app by hand, as no workflow of ours does: the removal is forgotten.
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
async fn an_app_does_not_go_where_a_removal_is_still_to_be_made() {
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
async fn a_group_that_was_instantiated_anew_loses_no_app() {
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
    // EMCO counts revisions anew, and goes back to the first of a number: the removal cannot be forced.
    let params = changed(&scene, &[&BACK[..], &[("readyTimeout", "3s")]].concat());
    let failure = scene.relocate(&params).await.failure().await;
    assert_eq!(failure.kind, "NotRemoved", "{}", failure.text);
    assert_eq!(scene.app_runs_on(), ["provider1/cluster1", "provider2/cluster2"]);
    scene.emco.restart_rsync();
    scene.emco.advance(4 * SETTLE);
    assert_eq!(scene.app_runs_on(), ["provider1/cluster1"]);
}

#[tokio::test]
async fn an_evacuation_names_what_rsync_forgot_on_the_cluster() {
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
async fn an_evacuation_that_moves_apps_names_what_rsync_forgot_beside_them() {
    let scene = Scene::new("evacuate-beside").await;
    let name = "beside".to_owned();
    let case = Case { workflow: EVACUATE, by: By::Cluster, apps: &["one", "two"], name };
    case.prepare(&scene).await;
    // Somebody moves the one by hand, and rsync forgets it on its former cluster.
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
async fn a_migration_that_does_not_wait_sees_the_apps_leave_all_the_same() {
    let scene = Scene::new("swap").await;
    let swap = [("waitReady", "false"), ("readyTimeout", "3s")];
    let run = scene.start_once(MIGRATE, &changed(&scene, &swap)).await;
    run.result().await;
    assert_eq!(scene.app_runs_on(), ["provider2/cluster2"]);
    // A race lost: what is left on the former cluster is in the way of nothing but a way back, so it is taken.
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
