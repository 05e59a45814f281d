//! What a schedule does when the run that it started last has not ended.

use harness::eventually;
use reqwest::Method;
use serde_json::json;

use super::{SOON, Scene, never, with};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn by_default_nothing_is_started_beside_a_run() {
    let scene = Scene::new("Gate").await;
    scene.kept("s", never()).await;
    scene.trigger("s").await;
    scene.ran(&["Running"]).await;
    scene.trigger("s").await;
    eventually(SOON, "a start is skipped", async || (scene.status("s").await["skipped"] == 1).then_some(()))
        .await;
    let runs = scene.ran(&["Running"]).await;
    scene.open(&runs[0], "").await;
    eventually(SOON, "the schedule has seen the end", async || {
        (scene.status("s").await["recentStarts"][0]["state"] == "Completed").then_some(())
    })
    .await;
    scene.trigger("s").await;
    scene.ran(&["Completed", "Running"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_buffered_start_waits_for_the_end() {
    let scene = Scene::new("Gate").await;
    scene.kept("s", with(never(), json!({"overlap": "BufferOne"}))).await;
    for _ in 0..3 {
        scene.trigger("s").await;
    }
    let runs = scene.ran(&["Running"]).await;
    scene.open(&runs[0], "").await;
    let runs = scene.ran(&["Completed", "Running"]).await;
    scene.open(&runs[1], "").await;
    eventually(SOON, "nothing waits", async || {
        let status = scene.status("s").await;
        (status["waiting"] == 0 && status["recentStarts"][1]["state"] == "Completed").then_some(())
    })
    .await;
    assert_eq!(scene.runs().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_run_before_is_cancelled_or_terminated() {
    for (overlap, state) in [("CancelOther", "Canceled"), ("TerminateOther", "Terminated")] {
        let scene = Scene::new("Gate").await;
        scene.kept("s", with(never(), json!({"overlap": overlap}))).await;
        scene.trigger("s").await;
        scene.ran(&["Running"]).await;
        scene.trigger("s").await;
        scene.ran(&[state, "Running"]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn runs_beside_each_other_are_not_followed() {
    let scene = Scene::new("Gate").await;
    scene.kept("s", with(never(), json!({"overlap": "AllowAll"}))).await;
    for _ in 0..3 {
        scene.trigger("s").await;
    }
    scene.ran(&["Running", "Running", "Running"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_run_that_fails_pauses_its_schedule() {
    let scene = Scene::new("Gate").await;
    scene.kept("s", with(never(), json!({"pauseOnFailure": true}))).await;
    scene.trigger("s").await;
    let runs = scene.ran(&["Running"]).await;
    scene.open(&runs[0], "fail").await;
    let status = eventually(SOON, "the schedule is paused", async || {
        let status = scene.status("s").await;
        (status["paused"] == true).then_some(status)
    })
    .await;
    assert!(!status["note"].as_str().unwrap().is_empty(), "{status}");
    // A change leaves it paused.
    scene.kept("s", with(never(), json!({"pauseOnFailure": true, "jitter": "1s"}))).await;
    assert_eq!(scene.status("s").await["paused"], true);
    let resumed = scene.post("/s/resume", json!({"note": "mended"})).await;
    assert_eq!(resumed.status(), 204);
    let status = eventually(SOON, "it is resumed", async || {
        let status = scene.status("s").await;
        (status["paused"] == false).then_some(status)
    })
    .await;
    assert_eq!(status["note"], "mended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn calls_with_one_key_are_one_start() {
    let scene = Scene::new("Gate").await;
    scene.kept("s", with(never(), json!({"overlap": "AllowAll"}))).await;
    for key in ["a", "a", "b", "a"] {
        let trigger = scene.request(Method::POST, "/s/trigger").header("idempotency-key", key);
        assert_eq!(trigger.send().await.unwrap().status(), 204);
    }
    scene.ran(&["Running", "Running"]).await;
    eventually(SOON, "all calls have been seen", async || {
        let status = scene.status("s").await;
        (status["started"].as_i64() >= Some(2) && status["waiting"] == 0).then_some(())
    })
    .await;
    assert_eq!(scene.runs().await.len(), 2);
}
