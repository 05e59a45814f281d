//! The move of one app without downtime.

use emco::{Clause, Client, ClusterRef, Settings};
use emco_stand_in::{Effect, Fault, samples};
use harness::eventually;
use serde_json::json;

use crate::run::SOON;
use crate::scene::Scene;

const GPI: &str = "dig1-placement-intent";

fn client(scene: &Scene) -> Client {
    Client::new(scene.emco.url(), Settings::default()).unwrap()
}

async fn clauses(scene: &Scene) -> Vec<Clause> {
    client(scene).list_app_intents(&samples::dig(), GPI).await.unwrap().remove(0).spec.intent.all_of
}

#[tokio::test]
async fn an_app_is_ready_on_its_target_before_it_leaves() {
    let scene = Scene::new("relocate").await;
    let target = ClusterRef::new("provider2", "cluster2");
    scene.emco.hold(&target, None, None);
    let run = scene.relocate(&scene.sample_params()).await;
    run.reaches("CheckReadinessStatus").await;
    eventually(SOON, "it waits", async || scene.emco.requests("GET", "/status") > 6).await;
    // The app is on both; the old one still serves.
    assert_eq!(clauses(&scene).await.len(), 2);
    assert_eq!(scene.app_serves_on(), ["provider1/cluster1"]);
    scene.emco.release(&target);
    let result = run.result().await;
    assert_eq!(result["ReadyOn"], json!({"collectd": ["provider2/cluster2"]}));
    assert_eq!(clauses(&scene).await, [Clause::cluster("provider2", "cluster2")]);
    assert_eq!(scene.app_runs_on(), ["provider2/cluster2"]);
    let steps = [
        "GetDigAppIntents",
        "PlanRelocation",
        "PreflightCheck",
        "UpdateAppIntents",
        "DoDigUpdate",
        "CheckReadinessStatus",
        "UpdateAppIntents",
        "DoDigUpdate",
        "CheckReadinessStatus",
    ];
    assert_eq!(run.attempts().await, steps.map(|name| (name.to_owned(), 1)));
    run.replays("seen-relocation").await;
}

#[tokio::test]
async fn a_relocation_that_fails_goes_back() {
    let scene = Scene::new("relocate-back").await;
    let before = clauses(&scene).await;
    scene.emco.hold(&ClusterRef::new("provider2", "cluster2"), None, None);
    let mut params = scene.sample_params();
    params["activityParams"]["all-activities"]["readyTimeout"] = json!("2s");
    let run = scene.relocate(&params).await;
    let failure = run.failure().await;
    assert_eq!(failure.kind, "NotReady");
    assert!(failure.text.contains("deployment (collectd on provider1/cluster1)"), "{}", failure.text);
    assert_eq!(clauses(&scene).await, before);
    assert_eq!(scene.app_runs_on(), ["provider1/cluster1"]);
    run.replays("seen-relocation-rolled-back").await;
}

#[tokio::test]
async fn a_relocation_that_fails_in_step_two_is_undone() {
    let scene = Scene::new("relocate-half").await;
    let before = clauses(&scene).await;
    let run = {
        // The second PUT of the relocation removes the source.
        let delay = Effect::Delay(std::time::Duration::ZERO);
        scene.emco.fail(Fault::on("PUT", "app-intents", delay));
        let refusal = Effect::Answer { status: 400, content_type: "text/plain", body: "no".to_owned() };
        scene.emco.fail(Fault::on("PUT", "app-intents", refusal));
        scene.relocate(&scene.sample_params()).await
    };
    let failure = run.failure().await;
    assert_eq!(failure.kind, "EmcoInvalid");
    assert_eq!(clauses(&scene).await, before);
    assert_eq!(scene.app_runs_on(), ["provider1/cluster1"]);
    run.replays("seen-relocation-half").await;
}

#[tokio::test]
async fn a_relocation_refuses_unknown_clusters() {
    let scene = Scene::new("relocate-refused").await;
    for (changes, kind, words) in [
        (
            &[("sourceClusterProvider", "provider2"), ("sourceClusterName", "cluster2")][..],
            "NoSuchSource",
            "but on provider1/cluster1",
        ),
        (
            &[("targetClusterProvider", "provider1"), ("targetClusterName", "cluster1")],
            "AlreadyThere",
            "already on provider1/cluster1",
        ),
        (&[("targetClusterName", "cluster9")], "NoSuchCluster", "but cluster2"),
    ] {
        let mut params = scene.sample_params();
        for (name, value) in changes {
            params["activityParams"]["all-activities"][name] = json!(value);
        }
        let failure = scene.relocate(&params).await.failure().await;
        assert_eq!((failure.kind.as_str(), failure.non_retryable), (kind, true), "{}", failure.text);
        assert!(failure.text.contains(words), "{words} in {}", failure.text);
    }
    assert_eq!((scene.emco.requests("PUT", ""), scene.emco.requests("POST", "/update")), (0, 0));
}

#[tokio::test]
async fn a_dry_relocation_tells_both_ends() {
    let scene = Scene::new("relocate-dry").await;
    let mut params = scene.sample_params();
    params["activityParams"]["all-activities"]["dryRun"] = json!("true");
    let run = scene.relocate(&params).await;
    let plan = &run.result().await["Plan"][0];
    assert_eq!(
        (&plan["From"], &plan["To"]),
        (&json!(["provider1/cluster1"]), &json!(["provider2/cluster2"]))
    );
    assert_eq!(scene.emco.requests("PUT", ""), 0);
    run.replays("relocation-dry-run").await;
}

#[tokio::test]
async fn a_terminated_relocation_can_be_continued() {
    let target = Clause::cluster("provider2", "cluster2");
    let both = vec![Clause::label("provider1", "edge-cluster"), target.clone()];
    for (half, left) in [("first", both), ("second", vec![target.clone()])] {
        let scene = Scene::new(&format!("relocate-left-{half}")).await;
        // The intents were written without an update.
        let mut intent = client(&scene).list_app_intents(&samples::dig(), GPI).await.unwrap().remove(0);
        intent.spec.intent.all_of = left;
        client(&scene).put_app_intent(&samples::dig(), GPI, &intent).await.unwrap();
        let run = scene.relocate(&scene.sample_params()).await;
        assert_eq!(run.result().await["ReadyOn"], json!({"collectd": ["provider2/cluster2"]}), "{half}");
        assert_eq!(scene.app_runs_on(), ["provider2/cluster2"], "{half}");
        assert_eq!(clauses(&scene).await, std::slice::from_ref(&target), "{half}");
        run.replays(&format!("seen-relocation-left-{half}")).await;
    }
}
