//! The evacuation of a cluster.

mod bound;
mod control;
mod reset;

use std::time::Duration;

use emco::{ClusterRef, DigKey};
use emco_stand_in::{Effect, Fault, render, samples};
use harness::eventually;
use serde_json::{Value, json};
use temporalio_common::data_converters::RawValue;

use crate::run::{Run, SOON};
use crate::scene::Scene;

const WORKFLOW: &str = "EmcoEvacuateClusterWorkflow";
const SOURCE: &str = "provider1/cluster1";
const TARGET: &str = "provider2/cluster2";

fn target() -> ClusterRef {
    ClusterRef::new("provider2", "cluster2")
}

fn key(dig: &str) -> DigKey {
    DigKey::new("proj1", "capp1", "v1", dig)
}

/// Returns one more deployment intent group of the sample app, like the first, with the placement `placed`.
async fn add(scene: &Scene, dig: &str, placed: Option<(&str, &str)>) {
    let values = samples::VALUES.replace("DeploymentIntent: dig1", &format!("DeploymentIntent: {dig}"));
    let of_dig = |document: &&str| document.contains("{{.DeploymentIntent}}");
    let documents: Vec<&str> =
        samples::FILES[2..].iter().flat_map(|file| file.split("---\n")).filter(of_dig).collect();
    let mut documents = render(&documents.join("\n---\n"), &values).unwrap();
    if let Some((provider, cluster)) = placed {
        documents = documents
            .replace("clusterProvider: provider1", &format!("clusterProvider: {provider}"))
            .replace("clusterLabel: edge-cluster", &format!("cluster: {cluster}"));
    }
    scene.emco.load(&documents).await.unwrap();
}

/// Starts a scene with this number of deployment intent groups on the source: `dig1`, `dig2` and so on.
pub(crate) async fn scene_of(test: &str, digs: usize) -> Scene {
    let scene = Scene::new(test).await;
    for index in 2..=digs {
        add(&scene, &format!("dig{index}"), None).await;
    }
    settle(&scene);
    scene
}

pub(crate) fn settle(scene: &Scene) {
    scene.emco.advance(Duration::from_secs(2));
}

fn params(scene: &Scene, changes: &[(&str, &str)]) -> Value {
    let mut params = scene.sample_params();
    // Short timeouts: what these tests expect happens soon, or not at all.
    params["activityOptions"]["all-activities"]["RetryPolicy"]["MaximumAttempts"] = json!(3);
    let all = params["activityParams"]["all-activities"].as_object_mut().unwrap();
    for name in ["compositeApp", "compositeAppVersion", "deploymentIntentGroup"] {
        all.remove(name);
    }
    let cluster = [("sourceClusterProvider", "provider1"), ("sourceClusterName", "cluster1")];
    for (name, value) in cluster.iter().chain(changes) {
        all.insert((*name).to_owned(), json!(value));
    }
    params
}

pub(crate) async fn start(scene: &Scene, changes: &[(&str, &str)]) -> Run {
    scene.start_once(WORKFLOW, &params(scene, changes)).await
}

async fn report(run: &Run) -> Value {
    run.query("report", RawValue::default()).await
}

/// Returns the states of the groups, in order.
fn states(report: &Value) -> Vec<&str> {
    report["Digs"].as_array().unwrap().iter().map(|dig| dig["State"].as_str().unwrap()).collect()
}

/// Waits until the groups are in these states, and the workflows of running ones exist.
async fn come_to(run: &Run, wanted: &[&str]) -> Value {
    eventually(SOON, &format!("{wanted:?}"), async || {
        let report = report(run).await;
        let there = |dig: &Value| dig["State"] != "running" || dig["RunID"].is_string();
        let all_there = report["Digs"].as_array().unwrap().iter().all(there);
        if all_there && states(&report) == wanted { Ok(report) } else { Err(report.to_string()) }
    })
    .await
}

/// Returns the clusters of each group's app, after EMCO has settled.
fn places(scene: &Scene, digs: usize) -> Vec<String> {
    settle(scene);
    let place = |index| {
        let on = &scene.emco.applied(&key(&format!("dig{index}")))["collectd"];
        on.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    };
    (1..=digs).map(place).collect()
}

/// Returns the report of an evacuation that failed.
async fn failed(run: &Run, words: &[&str]) -> Value {
    let failure = run.failure().await;
    assert_eq!((failure.kind.as_str(), failure.non_retryable), ("EvacuationIncomplete", true));
    for words in words {
        assert!(failure.text.contains(words), "{words} in {}", failure.text);
    }
    failure.details.unwrap()
}

#[tokio::test]
async fn only_the_apps_on_the_cluster_are_moved() {
    let scene = Scene::new("evacuate-apps").await;
    for (app, provider, cluster) in [("second", "provider1", "cluster1"), ("third", "provider2", "cluster2")]
    {
        add_app(&scene, app, provider, cluster).await;
    }
    let dig = "/v2/projects/proj1/composite-apps/capp1/v1/deployment-intent-groups/dig1";
    let update = harness::http().post(format!("{}{dig}/update", scene.emco.url()));
    assert!(update.send().await.unwrap().status().is_success());
    settle(&scene);
    let before = scene.emco.document(&intent_of("third"));
    let result = start(&scene, &[]).await.result().await;
    assert_eq!(result["Digs"][0]["Apps"], json!(["collectd", "second"]));
    assert_eq!(result["Digs"][0]["ReadyOn"], json!({"collectd": [TARGET], "second": [TARGET]}));
    settle(&scene);
    let placed = scene.emco.applied(&key("dig1"));
    assert!(placed.len() == 3 && placed.values().all(|on| *on == [target()]), "{placed:?}");
    assert_eq!(scene.emco.document(&intent_of("third")), before);
    // The test's own, two of the relocation, and one that forces the removal.
    assert_eq!(scene.emco.requests("POST", "/update"), 4);
}

fn intent_of(app: &str) -> String {
    format!(
        "projects/proj1/composite-apps/capp1/v1/deployment-intent-groups/dig1/generic-placement-intents\
         /dig1-placement-intent/app-intents/{app}-placement-intent"
    )
}

/// Returns one more app of the sample composite app, placed on this cluster.
async fn add_app(scene: &Scene, app: &str, provider: &str, cluster: &str) {
    let values = samples::VALUES.replace("App1: collectd", &format!("App1: {app}"));
    let of_app = |document: &&str| document.contains("{{.App1}}");
    let documents: Vec<&str> = samples::FILES[2].split("---\n").filter(of_app).collect();
    let documents = render(&documents.join("\n---\n"), &values)
        .unwrap()
        .replace("clusterProvider: provider1", &format!("clusterProvider: {provider}"))
        .replace("clusterLabel: edge-cluster", &format!("cluster: {cluster}"));
    scene.emco.load(&documents).await.unwrap();
}

#[tokio::test]
async fn only_groups_on_the_cluster_are_moved() {
    let scene = Scene::new("evacuate").await;
    add(&scene, "dig2", None).await;
    add(&scene, "dig3", Some(("provider2", "cluster2"))).await;
    settle(&scene);
    let run = start(&scene, &[]).await;
    let result = run.result().await;
    assert_eq!(places(&scene, 3), [TARGET, TARGET, TARGET]);
    assert_eq!((&result["Counts"], &result["Source"]), (&json!({"moved": 2}), &json!(SOURCE)));
    assert_eq!(states(&result), ["moved", "moved"]);
    let second = &result["Digs"][1];
    assert_eq!(second["Dig"], "proj1/capp1/v1/dig2");
    assert_eq!((&second["Apps"], &second["ReadyOn"]), (&json!(["collectd"]), &json!({"collectd": [TARGET]})));
    let child = run.of_id(second["WorkflowID"].as_str().unwrap());
    assert_eq!(child.result().await["ReadyOn"], second["ReadyOn"]);
    // The group on another cluster was not changed, and no group was moved twice.
    assert_eq!(scene.emco.requests("POST", "dig3/update"), 0);
    assert_eq!(scene.emco.requests("PUT", "dig1/") + scene.emco.requests("PUT", "dig2/"), 4);
    assert_eq!(run.current_state(RawValue::default()).await, "completed");
    run.replays("evacuation").await;
}

#[tokio::test]
async fn an_empty_cluster_is_evacuated_at_once() {
    let scene = Scene::new("evacuate-nothing").await;
    let away = [("sourceClusterProvider", "provider2"), ("sourceClusterName", "cluster2")]
        .map(|(name, of)| (name, of));
    let back = [("targetClusterProvider", "provider1"), ("targetClusterName", "cluster1")];
    let run = start(&scene, &[away, back].concat()).await;
    let result = run.result().await;
    assert_eq!((&result["Digs"], &result["Counts"]), (&json!([]), &json!({})));
    assert_eq!(scene.emco.requests("PUT", ""), 0);
    run.replays("evacuation-nothing").await;
}

#[tokio::test]
async fn groups_that_are_not_instantiated_are_reported() {
    let scene = scene_of("evacuate-terminated", 2).await;
    let dig = "/v2/projects/proj1/composite-apps/capp1/v1/deployment-intent-groups/dig2";
    harness::http().post(format!("{}{dig}/terminate", scene.emco.url())).send().await.unwrap();
    settle(&scene);
    let result = start(&scene, &[]).await.result().await;
    assert_eq!(states(&result), ["moved", "skipped"]);
    let why = result["Digs"][1]["Why"].as_str().unwrap();
    assert!(why.contains("is Terminated, not Instantiated"), "{why}");
}

#[tokio::test]
async fn an_evacuation_can_be_planned() {
    let scene = scene_of("evacuate-dry", 2).await;
    let run = start(&scene, &[("dryRun", "true")]).await;
    let result = run.result().await;
    assert_eq!(states(&result), ["planned", "planned"]);
    let plan = &result["Digs"][1]["Plan"][0];
    assert_eq!((&plan["From"], &plan["To"]), (&json!([SOURCE]), &json!([TARGET])));
    assert_eq!((scene.emco.requests("PUT", ""), scene.emco.requests("POST", "/update")), (0, 0));
    run.replays("evacuation-dry-run").await;
}

#[tokio::test]
async fn all_faults_of_an_evacuation_are_in_one_message() {
    let scene = Scene::new("evacuate-wrong").await;
    let mut params =
        params(&scene, &[("concurrency", "0"), ("stopShare", "200%"), ("canary", "-1"), ("maxGroups", "0")]);
    let all = params["activityParams"]["all-activities"].as_object_mut().unwrap();
    all.retain(|name, _| name != "sourceClusterName");
    all.insert("deploymentIntentGroup".to_owned(), json!("dig1"));
    params["activityOptions"]["FindDigs"] = json!({});
    let run = scene.start_once(WORKFLOW, &params).await;
    let failure = run.failure().await;
    assert_eq!((failure.kind.as_str(), failure.non_retryable), ("InvalidParams", true));
    for words in [
        "all-activities.concurrency: ",
        "all-activities.stopShare: ",
        "all-activities.canary: ",
        "all-activities.maxGroups: must be an integer from 1",
        "all-activities.sourceClusterName: is missing",
        "all-activities.deploymentIntentGroup: is not known",
        "no activity `FindDigs`; write `all-activities` or one of `GetDigAppIntents`",
    ] {
        assert!(failure.text.contains(words), "{words} in {}", failure.text);
    }
    run.replays("evacuation-invalid").await;
}

#[tokio::test]
async fn an_evacuation_refuses_unknown_names() {
    let scene = Scene::new("evacuate-unknown").await;
    let cases = [
        (
            &[("sourceClusterName", "cluster9")][..],
            "NoSuchCluster",
            "provider1 has no cluster cluster9, but cluster1",
        ),
        (
            &[("targetClusterProvider", "provider9")],
            "NoSuchCluster",
            "no cluster provider provider9, but provider1",
        ),
        (&[("projects", "proj9")], "NoSuchProject", "EMCO has no project proj9, but proj1"),
        (&[("compositeApps", "capp1,capp9")], "NoSuchCompositeApp", "no composite app capp9, but capp1"),
    ];
    for (changes, kind, words) in cases {
        let failure = start(&scene, changes).await.failure().await;
        assert_eq!((failure.kind.as_str(), failure.non_retryable), (kind, true), "{}", failure.text);
        assert!(failure.text.contains(words), "{words} in {}", failure.text);
    }
    assert_eq!(scene.emco.requests("PUT", ""), 0);
}

#[tokio::test]
async fn a_group_that_cannot_be_read_is_reported() {
    let scene = scene_of("evacuate-unseen", 3).await;
    let refusal =
        Effect::Answer { status: 403, content_type: "text/plain", body: "RBAC: access denied".to_owned() };
    scene.emco.fail(Fault::on("GET", "dig1/status", refusal).always());
    let run = start(&scene, &[]).await;
    let report = failed(&run, &["2 of 3", "dig1 failed: EMCO responded 403"]).await;
    assert_eq!(states(&report), ["failed", "moved", "moved"]);
    assert_eq!(report.get("Stopped"), None);
    assert_eq!(places(&scene, 3), [SOURCE, TARGET, TARGET]);
}
