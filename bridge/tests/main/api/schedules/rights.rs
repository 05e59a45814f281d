//! Schedules act by rights of their own, and only for themselves.

use harness::{SAMPLE_INTENT, eventually};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::{SOON, Scene, never};

/// Everybody may do everything, but for schedules: of these, only one.
const ONE_SCHEDULE: &str = r#"
[[binding]]
name = "authors"
role = "author"
subjects = ["authenticated", "anonymous"]
scope = "**"
uses = { clients = ["*"], taskQueues = ["*"] }

[[binding]]
name = "administrators"
role = "administrator"
subjects = ["authenticated", "anonymous"]
scope = "**"

[[binding]]
name = "one-schedule"
role = "operator"
subjects = [{ schedule = "proj1/capp1/v1/dig1/dig1-workflow-intent/allowed" }]
scope = "proj1/**"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_schedule_needs_rights_of_its_own() {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(&file, ONE_SCHEDULE).unwrap();
    let scene = Scene::with("Echo", &["--rights", file.path().to_str().unwrap()]).await;
    for name in ["allowed", "denied"] {
        scene.kept(name, never()).await;
        scene.trigger(name).await;
    }
    let runs = scene.ran(&["Completed"]).await;
    let path = format!("proj1/capp1/v1/dig1/{SAMPLE_INTENT}");
    assert_eq!(runs[0]["startedBy"], format!("schedule/{path}/allowed"));
    eventually(SOON, "the other start has failed", async || {
        (scene.status("denied").await["recentStarts"][0]["state"] == "Failed").then_some(())
    })
    .await;
    assert_eq!(scene.runs().await.len(), 1);

    let events = async |query: &str| -> Vec<Value> {
        let url = format!("{}/v2/audit?verb=start&{query}", scene.api.url());
        let events: Value = harness::http().get(url).send().await.unwrap().json().await.unwrap();
        events.as_array().unwrap().clone()
    };
    let started = events("outcome=succeeded").await;
    assert_eq!(
        started[0]["actor"],
        json!({
            "name": format!("schedule/{path}/allowed"), "kind": "schedule", "author": "anonymous",
        })
    );
    let denied = events("outcome=denied").await;
    assert_eq!(denied[0]["actor"]["name"], format!("schedule/{path}/denied"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_run_that_the_schedule_does_not_list_starts_nothing() {
    let scene = Scene::new("Echo").await;
    scene.kept("s", never()).await;
    let installation = scene.api.parts().store.installation().await.unwrap();
    let queue = format!("emco-bridge-{installation}");
    let path = format!("proj1/capp1/v1/dig1/{SAMPLE_INTENT}/s");
    let input = json!({"schedule": path, "revision": 1, "maxStarts": 0}).to_string();
    let id = format!("{queue}/{path}-2026-11-28T09:00:00Z");
    let identity = format!("temporal-scheduler-default-{queue}/{path}");
    let forged = [
        "workflow",
        "start",
        "--type",
        "EmcoBridgeScheduledStart",
        "--task-queue",
        &queue,
        "--workflow-id",
        &id,
        "--input",
        &input,
        "--identity",
        &identity,
        "--search-attribute",
        "TemporalScheduledById=\"s\"",
        "--search-attribute",
        "TemporalScheduledStartTime=\"2026-11-28T09:00:00Z\"",
    ];
    scene.temporal.cli(&forged).await.unwrap();
    eventually(SOON, "the forged workflow has failed", async || {
        let described = scene.temporal.cli(&["workflow", "describe", "--workflow-id", &id]).await.unwrap();
        let status = described["workflowExecutionInfo"]["status"].clone();
        if status == "WORKFLOW_EXECUTION_STATUS_FAILED" { Ok(()) } else { Err(status) }
    })
    .await;
    assert_eq!(scene.runs().await, Vec::<Value>::new());
}
