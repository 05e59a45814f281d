//! The watch over a cluster's capacity.

use emco_stand_in::{Effect, Fault};
use harness::eventually;
use serde_json::{Value, json};
use temporalio_client::errors::WorkflowGetResultError;
use temporalio_common::data_converters::{PayloadConverter, RawValue};

use crate::evacuation;
use crate::run::{Run, SOON};
use crate::scene::Scene;

const WORKFLOW: &str = "EmcoClusterCapacityWorkflow";

fn params(scene: &Scene, changes: &[(&str, &str)]) -> Value {
    let mut params = scene.sample_params();
    params["activityParams"]["all-activities"] = json!({
        "emcoURL": scene.emco.url(),
        "clusterProvider": "provider1",
        "clusterName": "cluster1",
        "limit": "4",
        "interval": "1s",
    });
    for (name, value) in changes {
        params["activityParams"]["all-activities"][*name] = json!(value);
    }
    params
}

async fn start(scene: &Scene, changes: &[(&str, &str)]) -> Run {
    scene.start_once(WORKFLOW, &params(scene, changes)).await
}

async fn capacity(run: &Run) -> Value {
    run.query("capacity", RawValue::default()).await
}

/// Waits until this number of groups was counted.
async fn come_to(run: &Run, used: usize) -> Value {
    eventually(SOON, &format!("{used} groups"), async || {
        let now = capacity(run).await;
        if now["used"] == used { Ok(now) } else { Err(now.to_string()) }
    })
    .await
}

async fn is_cancelled(run: &Run) {
    run.cancel().await;
    let end = run.end().await;
    assert!(matches!(end, Err(WorkflowGetResultError::Cancelled { .. })), "{end:?}");
}

/// EMCO denies everything about this group.
fn deny(scene: &Scene, dig: &str) {
    let refusal =
        Effect::Answer { status: 403, content_type: "text/plain", body: "RBAC: access denied".to_owned() };
    scene.emco.fail(Fault::on("GET", &format!("{dig}/status"), refusal).always());
}

#[tokio::test]
async fn the_capacity_falls_with_each_group_that_is_moved_away() {
    let scene = evacuation::scene_of("capacity", 3).await;
    let run = start(&scene, &[]).await;
    let full = come_to(&run, 3).await;
    assert_eq!((&full["cluster"], &full["limit"]), (&json!("provider1/cluster1"), &json!(4)));
    assert_eq!((&full["ratio"], &full["unread"]), (&json!(0.75), &json!(0)));
    let evacuated = evacuation::start(&scene, &[("maxGroups", "2")]).await.result().await;
    assert_eq!(evacuated["Counts"], json!({"moved": 2, "left": 1}));
    let after = come_to(&run, 1).await;
    assert_eq!(after["ratio"], json!(0.25));
    assert!(after["at"].as_str() > full["at"].as_str(), "{after}");
    assert_eq!(run.current_state(RawValue::default()).await, "CountDigsOnCluster");
    is_cancelled(&run).await;
    run.replays("capacity").await;
}

#[tokio::test]
async fn only_deployed_groups_of_the_named_projects_are_counted() {
    let scene = evacuation::scene_of("capacity-deployed", 2).await;
    let dig = "/v2/projects/proj1/composite-apps/capp1/v1/deployment-intent-groups/dig2";
    harness::http().post(format!("{}{dig}/terminate", scene.emco.url())).send().await.unwrap();
    evacuation::settle(&scene);
    let run = start(&scene, &[("projects", "proj1,proj1")]).await;
    come_to(&run, 1).await;
    is_cancelled(&run).await;
}

#[tokio::test]
async fn groups_that_cannot_be_read_are_counted_apart() {
    let scene = evacuation::scene_of("capacity-unread", 2).await;
    deny(&scene, "dig1");
    let run = start(&scene, &[]).await;
    assert_eq!(come_to(&run, 1).await["unread"], 1);
    is_cancelled(&run).await;
}

#[tokio::test]
async fn a_later_run_has_the_last_reading_of_the_former_one() {
    let scene = evacuation::scene_of("capacity-later", 2).await;
    let run = start(&scene, &[("readingsPerRun", "1")]).await;
    let first = run.latest_run_id().await;
    come_to(&run, 2).await;
    // From now on nothing can be read, so a run that answers has its answer from the one before.
    let away = Effect::Answer { status: 503, content_type: "text/plain", body: "away".to_owned() };
    scene.emco.fail(Fault::on("GET", "/status", away).always());
    let before = scene.emco.requests("GET", "/status");
    eventually(SOON, "the readings fail", async || {
        let failed = scene.emco.requests("GET", "/status") - before;
        if failed > 10 { Ok(()) } else { Err(failed.to_string()) }
    })
    .await;
    assert_ne!(run.latest_run_id().await, first);
    let run = run.latest();
    let kept = capacity(&run).await;
    assert_eq!((&kept["used"], &kept["ratio"]), (&json!(2), &json!(0.5)), "{kept}");
    scene.emco.heal();
    eventually(SOON, "it reads again", async || {
        let now = capacity(&run).await;
        if now["at"].as_str() > kept["at"].as_str() { Ok(()) } else { Err(now.to_string()) }
    })
    .await;
    is_cancelled(&run).await;
    run.replays("capacity-later").await;
}

#[tokio::test]
async fn all_faults_of_a_watch_are_in_one_message() {
    let scene = Scene::new("capacity-wrong").await;
    let mut params = params(&scene, &[("limit", "0"), ("interval", "10ms"), ("readingsPerRun", "501")]);
    let all = params["activityParams"]["all-activities"].as_object_mut().unwrap();
    all.retain(|name, _| name != "clusterName");
    let failure = scene.start_once(WORKFLOW, &params).await.failure().await;
    assert_eq!((failure.kind.as_str(), failure.non_retryable), ("InvalidParams", true));
    for words in [
        "all-activities.limit: must be an integer from 1",
        "all-activities.interval: cannot be used: write a duration of at least one second",
        "all-activities.readingsPerRun: must be an integer from 1 to 500",
        "all-activities.clusterName: is missing",
    ] {
        assert!(failure.text.contains(words), "{words} in {}", failure.text);
    }
}

#[tokio::test]
async fn a_watch_over_an_unknown_cluster_is_refused() {
    let scene = Scene::new("capacity-unknown").await;
    let failure = start(&scene, &[("clusterName", "cluster9")]).await.failure().await;
    assert_eq!((failure.kind.as_str(), failure.non_retryable), ("NoSuchCluster", true));
    assert!(failure.text.contains("provider1 has no cluster cluster9, but cluster1"), "{}", failure.text);
}

#[tokio::test]
async fn a_start_cannot_give_a_reading() {
    let scene = Scene::new("capacity-forged").await;
    let reading = json!({"count": {"used": 9, "unread": 0}, "at": "2026-01-01T00:00:00Z"});
    let arguments = [params(&scene, &[]), reading]
        .map(|argument| RawValue::from_value(&argument, &PayloadConverter::default()).payloads);
    let id = format!("{}-forged", scene.queue);
    let input = RawValue::new(arguments.concat());
    let failure = scene.start_as(id, &scene.queue, WORKFLOW, input, 1).await.failure().await;
    assert_eq!(failure.kind, "InvalidParams");
    assert!(failure.text.contains("one argument"), "{}", failure.text);
}
