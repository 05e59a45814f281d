//! Schedules as documents: revisions, conditions, faults.

use std::collections::BTreeSet;

use futures::future::join_all;
use harness::{SAMPLE_INTENT, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use super::{SOON, Scene, never, with};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_schedule_has_revisions() {
    let scene = Scene::new("Echo").await;
    let created = scene.put("nightly", never()).await;
    assert_eq!((created.status().as_u16(), &created.headers()["etag"]), (201, &"\"1\"".parse().unwrap()));
    assert!(created.headers()["location"].to_str().unwrap().ends_with("/schedules/nightly"));
    let again = scene.put("nightly", never()).await;
    assert_eq!((again.status().as_u16(), &again.headers()["etag"]), (200, &"\"1\"".parse().unwrap()));

    let change = async |tag: &str, spec: Value| {
        let body = json!({"spec": spec}).to_string();
        scene.request(Method::PUT, "/nightly").header("if-match", tag).body(body).send().await.unwrap()
    };
    let changed = change("\"1\"", with(never(), json!({"jitter": "5s"}))).await;
    assert_eq!((changed.status().as_u16(), &changed.headers()["etag"]), (200, &"\"2\"".parse().unwrap()));
    let refused = change("\"1\"", never()).await;
    assert_eq!(refused.status(), 412);
    assert_eq!(refused.json::<Value>().await.unwrap()["currentETag"], "\"2\"");
    assert_eq!(scene.status("nightly").await["revision"], 2);

    let kept = scene.json("/nightly").await;
    assert_eq!(
        (&kept["metadata"]["name"], &kept["spec"]["jitter"]),
        (&json!("nightly"), &json!(5_000_000_000_i64))
    );
    assert_eq!(scene.json("").await, json!([kept]));
    assert_eq!(scene.json("/nightly/revisions/1").await["schedule"]["spec"]["crons"], json!(["0 0 1 1 *"]));

    let deleted = scene.request(Method::DELETE, "/nightly").send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    let gone = scene.request(Method::GET, "/nightly").send().await.unwrap();
    assert_eq!(gone.json::<Value>().await.unwrap()["code"], "no_such_schedule");
    let revisions = scene.json("/nightly/revisions").await;
    let actions: Vec<_> =
        revisions.as_array().unwrap().iter().map(|change| change["action"].clone()).collect();
    assert_eq!(actions, ["deleted", "replaced", "created"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn of_two_changes_at_once_one_is_refused() {
    let scene = Scene::new("Echo").await;
    scene.kept("nightly", never()).await;
    let puts = ["1s", "2s"].map(|jitter| {
        let body = json!({"spec": with(never(), json!({"jitter": jitter}))}).to_string();
        scene.request(Method::PUT, "/nightly").header("if-match", "\"1\"").body(body).send()
    });
    let mut statuses: Vec<_> =
        join_all(puts).await.into_iter().map(|answer| answer.unwrap().status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let jitter = scene.json("/nightly").await["spec"]["jitter"].clone();
    assert_eq!(scene.status("nightly").await["revision"], 2, "{jitter}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_temporal_cannot_read_is_not_kept() {
    let scene = Scene::new("Echo").await;
    for (spec, path) in [
        (json!({"crons": ["61 * * * *"]}), "$.spec"),
        (json!({"crons": ["@daily"], "timeZone": "Mars/Olympus"}), "$.spec"),
        (json!({"calendars": [{"dayOfWeek": "Holiday"}]}), "$.spec"),
        (json!({}), "$.spec"),
        (json!({"crons": ["@daily"], "revision": 7}), "$.spec.revision"),
    ] {
        let refused = scene.put("nightly", spec.clone()).await;
        assert_eq!(refused.status(), 422, "{spec}");
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(
            (&problem["code"], &problem["faults"][0]["path"]),
            (&json!("invalid_schedule"), &json!(path))
        );
    }
    let unknown = scene.put("nightly", json!({"cron": ["@daily"]})).await;
    assert_eq!(unknown.json::<Value>().await.unwrap()["code"], "unknown_fields");
    assert_eq!(scene.json("").await, json!([]));
    // The schedules by which Temporal was asked go. Its list is late, and has those of other bridges too.
    let previews = async || -> BTreeSet<String> {
        let all = scene.temporal.cli(&["schedule", "list"]).await.unwrap();
        let ids = all.as_array().unwrap().iter().filter_map(|schedule| schedule["scheduleId"].as_str());
        ids.filter(|id| id.contains("-preview-")).map(str::to_owned).collect()
    };
    let made = previews().await;
    eventually(SOON, "they are gone", async || previews().await.is_disjoint(&made).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_dry_run_keeps_nothing() {
    let scene = Scene::new("Echo").await;
    let body = json!({"spec": never()}).to_string();
    let dry = scene.request(Method::PUT, "/nightly?dryRun=All").body(body).send().await.unwrap();
    assert_eq!(dry.status(), 201);
    assert_eq!(scene.json("").await, json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_schedules_of_a_deleted_intent_are_paused() {
    let scene = Scene::new("Echo").await;
    scene.kept("nightly", never()).await;
    let deleted = scene.api.request(Method::DELETE, &format!("/{SAMPLE_INTENT}")).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    eventually(SOON, "the schedule is paused", async || {
        let status = scene.status("nightly").await;
        (status["paused"] == true && status["note"].as_str().unwrap().contains("was deleted")).then_some(())
    })
    .await;
    let alarms = async || -> Value {
        let url = format!("{}/v2/alarms?probableCause=intentDeleted", scene.api.url());
        harness::http().get(url).send().await.unwrap().json().await.unwrap()
    };
    let raised = eventually(SOON, "there is an alarm", async || alarms().await.get(0).cloned()).await;
    assert!(raised["additionalText"].as_str().unwrap().contains("`nightly` is paused"), "{raised}");
    // A start by hand finds no intent either.
    scene.trigger("nightly").await;
    eventually(SOON, "the start has failed", async || {
        let status = scene.status("nightly").await;
        (status["recentStarts"][0]["state"] == "Failed").then_some(())
    })
    .await;
    // The intent is there again.
    scene.register("Echo").await;
    eventually(SOON, "the alarm is cleared", async || {
        (alarms().await[0]["perceivedSeverity"] == "CLEARED").then_some(())
    })
    .await;
    assert_eq!(scene.post("/nightly/resume", json!({})).await.status(), 204);
    scene.trigger("nightly").await;
    scene.ran(&["Completed"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_run_is_followed_to_its_end_though_its_schedule_is_deleted() {
    let scene = Scene::new("Gate").await;
    scene.kept("s", never()).await;
    scene.trigger("s").await;
    let runs = scene.ran(&["Running"]).await;
    let status = scene.status("s").await;
    let follower = status["recentStarts"][0]["workflowID"].as_str().unwrap();
    assert_eq!(scene.request(Method::DELETE, "/s").send().await.unwrap().status(), 204);
    scene.open(&runs[0], "").await;
    eventually(SOON, "it has seen the end", async || {
        let described =
            scene.temporal.cli(&["workflow", "describe", "--workflow-id", follower]).await.unwrap();
        let status = described["workflowExecutionInfo"]["status"].clone();
        if status == "WORKFLOW_EXECUTION_STATUS_COMPLETED" { Ok(()) } else { Err(status) }
    })
    .await;
}

#[tokio::test]
async fn without_a_worker_of_its_own_the_bridge_has_no_schedules() {
    let api = super::Api::with(&["--escalation", "off"]).await;
    let put = api.request(Method::PUT, &format!("/{SAMPLE_INTENT}/schedules/nightly"));
    let refused = put.body(json!({"spec": never()}).to_string()).send().await.unwrap();
    assert_eq!(refused.status(), 501);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "schedules_off");
    assert!(problem["detail"].as_str().unwrap().contains("BRIDGE_ESCALATION"), "{problem}");
}
