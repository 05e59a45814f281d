//! The pre-flight check refuses a move that cannot succeed, and names what exists.

use emco_stand_in::samples;
use harness::http;
use serde_json::json;

use crate::scene::Scene;

async fn refused(scene: &Scene, changes: &[(&str, &str)], kind: &str, words: &[&str]) {
    let mut params = scene.sample_params();
    for (name, value) in changes {
        params["activityParams"]["all-activities"][name] = json!(value);
    }
    let run = scene.start(&params).await;
    let failure = run.failure().await;
    assert_eq!((failure.kind.as_str(), failure.non_retryable), (kind, true), "{}", failure.text);
    for words in words {
        assert!(failure.text.contains(words), "{words} in {}", failure.text);
    }
    assert_eq!(run.workflow_attempts().await, 1);
    assert_eq!((scene.emco.requests("PUT", ""), scene.emco.requests("POST", "/update")), (0, 0));
}

#[tokio::test]
async fn a_target_that_does_not_exist_is_refused() {
    let scene = Scene::new("no-target").await;
    let words = [
        "provider2 has no cluster cluster7, but cluster2",
        "nothing was changed",
        "not in proj1/capp1/v1/dig1's logical cloud default",
    ];
    refused(&scene, &[("targetClusterName", "cluster7")], "NoSuchCluster", &words).await;
    let words = ["no cluster provider provider7, but provider1, provider2"];
    refused(&scene, &[("targetClusterProvider", "provider7")], "NoSuchCluster", &words).await;
}

#[tokio::test]
async fn a_target_outside_the_logical_cloud_is_refused() {
    let scene = Scene::new("outside").await;
    scene
        .emco
        .load(
            "resourceContext: {anchor: cluster-providers/provider2/clusters}\nmetadata: {name: lonely}\nfile: kubeconfig\n",
        )
        .await
        .unwrap();
    let words = [
        "provider2/lonely is not in proj1/capp1/v1/dig1's logical cloud default, which has provider1/cluster1",
    ];
    refused(&scene, &[("targetClusterName", "lonely")], "EmcoOutsideLogicalCloud", &words).await;
}

#[tokio::test]
async fn an_app_without_an_intent_is_refused() {
    let scene = Scene::new("unplaced").await;
    scene
        .emco
        .load("resourceContext: {anchor: projects/proj1/composite-apps/capp1/v1/apps}\nmetadata: {name: other}\nfile: chart\n")
        .await
        .unwrap();
    refused(&scene, &[], "AppWithoutIntent", &["other of proj1/capp1/v1/dig1 have no app intent"]).await;
}

#[tokio::test]
async fn a_dig_that_emco_is_working_on_is_refused() {
    let scene = Scene::new("busy").await;
    let dig = samples::dig();
    let emco = emco::Client::new(scene.emco.url(), emco::Settings::default()).unwrap();
    let mut intent = emco.list_app_intents(&dig, "dig1-placement-intent").await.unwrap().remove(0);
    intent.spec.intent.all_of.push(emco::Clause::cluster("provider2", "cluster2"));
    emco.put_app_intent(&dig, "dig1-placement-intent", &intent).await.unwrap();
    // Slow, so that it is not complete before the check.
    scene.emco.set_settle_time(std::time::Duration::from_secs(3600));
    emco.update_dig(&dig).await.unwrap();
    let failure = scene.start(&scene.sample_params()).await.failure().await;
    assert_eq!((failure.kind.as_str(), failure.non_retryable), ("UpdateInProgress", true));
}

/// Starts a scene whose EMCO is the orchestrator only.
async fn orchestrator_alone(test: &str) -> Scene {
    let scene = Scene::new(test).await;
    for part in ["/cluster-providers", "/logical-clouds"] {
        let body = "404 page not found\n".to_owned();
        let answer = emco_stand_in::Effect::Answer { status: 404, content_type: "text/plain", body };
        scene.emco.fail(emco_stand_in::Fault::on("GET", part, answer).always());
    }
    scene
}

#[tokio::test]
async fn a_wrong_target_fails_soon_if_clm_cannot_be_asked() {
    let (migration, relocation) =
        tokio::join!(orchestrator_alone("wrong-migration"), orchestrator_alone("wrong-relocation"));
    let end = async |scene: &Scene, workflow: &str, cluster: &str| {
        let before = scene.emco.document(INTENT);
        let mut params = scene.sample_params();
        let all = &mut params["activityParams"]["all-activities"];
        all["targetClusterName"] = json!(cluster);
        if workflow == "EmcoRelocateWorkflow" {
            all["app"] = json!("collectd");
        }
        let begun = std::time::Instant::now();
        let failure = scene.start_once(workflow, &params).await.failure().await;
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{:?}", begun.elapsed());
        assert_eq!(
            (failure.kind.as_str(), failure.non_retryable),
            ("EmcoInternal", true),
            "{}",
            failure.text
        );
        for words in [
            "EMCO did not accept the new placement of collectd (",
            &format!("provider2/{cluster}): EMCO responded 500"),
            "one of these clusters does not exist or is not in the logical cloud",
            "give emcoClmEndpoint and emcoDcmEndpoint",
            "undone: app intents",
        ] {
            assert!(failure.text.contains(words), "{words} in {}", failure.text);
        }
        assert_eq!(scene.emco.document(INTENT), before);
        assert_eq!(scene.app_runs_on(), ["provider1/cluster1"]);
    };
    let lonely = "resourceContext: {anchor: cluster-providers/provider2/clusters}\nmetadata: {name: lonely}\nfile: kubeconfig\n";
    relocation.emco.load(lonely).await.unwrap();
    tokio::join!(
        end(&migration, "EmcoMigrateWorkflow", "cluster9"),
        end(&relocation, "EmcoRelocateWorkflow", "lonely")
    );
}

const INTENT: &str = "projects/proj1/composite-apps/capp1/v1/deployment-intent-groups/dig1/generic-placement-intents\
                      /dig1-placement-intent/app-intents/collectd-placement-intent";

#[tokio::test]
async fn an_update_that_emco_cannot_make_fails_too() {
    let scene = Scene::new("update-500").await;
    let answer = emco_stand_in::Effect::Answer {
        status: 500,
        content_type: "text/plain",
        body: "The server encountered an internal error and was unable to complete your request.\n"
            .to_owned(),
    };
    scene.emco.fail(emco_stand_in::Fault::on("POST", "/update", answer).always());
    let mut params = scene.sample_params();
    params["activityParams"]["all-activities"]["updateGrace"] = json!("1s");
    let run = scene.start_once("EmcoMigrateWorkflow", &params).await;
    // The undo follows the intent: it is retried until EMCO can.
    run.reaches("CheckReadinessStatus").await;
    let failure = run.failure().await;
    assert_eq!(failure.kind, "EmcoInternal", "{}", failure.text);
    assert!(failure.text.contains("undone: app intents"), "{}", failure.text);
    assert_eq!(scene.app_runs_on(), ["provider1/cluster1"]);
}

#[tokio::test]
async fn clusters_are_not_checked_without_clm() {
    let scene = orchestrator_alone("orchestrator-alone").await;
    scene.start(&scene.sample_params()).await.result().await;
    assert_eq!(scene.app_runs_on(), ["provider2/cluster2"]);

    let clm = scene.emco.url().to_owned();
    let mut params = scene.sample_params();
    let all = &mut params["activityParams"]["all-activities"];
    (all["targetClusterProvider"], all["targetClusterName"]) = (json!("provider1"), json!("cluster1"));
    all["emcoClmEndpoint"] = json!(clm);
    let failure = scene.start(&params).await.failure().await;
    assert_eq!(failure.kind, "EmcoNotEmco", "a URL that is given must be right");
}

#[tokio::test]
async fn a_dig_that_was_terminated_is_refused() {
    let scene = Scene::new("gone").await;
    let dig = "/v2/projects/proj1/composite-apps/capp1/v1/deployment-intent-groups/dig1";
    http().post(format!("{}{dig}/terminate", scene.emco.url())).send().await.unwrap();
    refused(&scene, &[], "EmcoNotInstantiated", &["is Terminated, not Instantiated; instantiate it first"])
        .await;
}
