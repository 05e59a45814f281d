//! Pausing, stopping and cancelling an evacuation.

use emco_stand_in::{Effect, Fault};
use harness::eventually;
use serde_json::{Value, json};
use temporalio_client::errors::WorkflowGetResultError;

use super::{SOURCE, TARGET, come_to, failed, places, scene_of, start, states, target};
use crate::run::{Run, SOON};

#[tokio::test]
async fn nothing_follows_a_canary_that_fails() {
    let scene = scene_of("evacuate-canary", 3).await;
    scene.emco.hold(&target(), None, None);
    let run = start(&scene, &[("readyTimeout", "2s")]).await;
    let report = failed(&run, &["0 of 3", "dig1 was rolled back", "collectd is not ready"]).await;
    scene.emco.release(&target());
    assert_eq!(states(&report), ["rolledBack", "skipped", "skipped"]);
    assert_eq!(report["Stopped"], "not all of the first groups were moved");
    assert_eq!(places(&scene, 3), [SOURCE; 3]);
    assert_eq!(scene.emco.requests("PUT", "dig2") + scene.emco.requests("PUT", "dig3"), 0);
    run.replays("evacuation-canary").await;
}

#[tokio::test]
async fn no_more_than_so_many_move_at_once() {
    let scene = scene_of("evacuate-lanes", 5).await;
    scene.emco.hold(&target(), None, None);
    let run = start(&scene, &[("canary", "0"), ("concurrency", "2")]).await;
    let report = come_to(&run, &["running", "running", "waiting", "waiting", "waiting"]).await;
    assert!(report["Digs"][0]["WorkflowID"].as_str().unwrap().ends_with("/proj1/capp1/v1/dig1"), "{report}");
    scene.emco.release(&target());
    run.result().await;
    assert_eq!(places(&scene, 5), [TARGET; 5]);
    assert_eq!(run.most_children().await, 2);
}

#[tokio::test]
async fn none_begins_once_too_many_have_failed() {
    let scene = scene_of("evacuate-share", 4).await;
    for dig in ["dig2", "dig3"] {
        let refusal = Effect::Answer {
            status: 403,
            content_type: "text/plain",
            body: "RBAC: access denied".to_owned(),
        };
        scene.emco.fail(Fault::on("PUT", &format!("{dig}/generic"), refusal).always());
    }
    // One failure of two is below the share, two of three are above.
    let run = start(&scene, &[("concurrency", "1"), ("stopShare", "60%")]).await;
    let failure = run.failure().await;
    // Their intents could not be restored either.
    assert!(matches!(failure.kind.as_str(), "EvacuationIncomplete" | "NotUndone"), "{}", failure.kind);
    let report = failure.details.unwrap();
    assert_eq!(states(&report)[0], "moved");
    assert_eq!(states(&report)[3], "skipped");
    assert_eq!(report["Stopped"], "2 of 3 completed moves failed, and stopShare is 0.6");
    assert_eq!(places(&scene, 4), [TARGET, SOURCE, SOURCE, SOURCE]);
    scene.emco.heal();
    // A second evacuation moves the rest. Moved groups are not moved twice.
    let again = start(&scene, &[]).await.result().await;
    assert_eq!(again["Counts"], json!({"moved": 3}));
    assert_eq!(places(&scene, 4), [TARGET; 4]);
    assert_eq!(scene.emco.requests("PUT", "dig1/"), 2);
    run.replays("evacuation-stopped").await;
}

#[tokio::test]
async fn a_paused_evacuation_starts_no_move_until_resumed() {
    let scene = scene_of("evacuate-pause", 2).await;
    scene.emco.hold(&target(), None, None);
    let run = start(&scene, &[("canary", "0"), ("concurrency", "1")]).await;
    come_to(&run, &["running", "waiting"]).await;
    run.signal("pause").await;
    scene.emco.release(&target());
    // The running move completes; without the pause the next one would start at that moment.
    let report = come_to(&run, &["moved", "waiting"]).await;
    assert_eq!(report["Paused"], true);
    run.signal("resume").await;
    let result = run.result().await;
    assert_eq!((states(&result), &result["Paused"]), (vec!["moved", "moved"], &json!(false)));
    run.replays("evacuation-paused").await;
}

#[tokio::test]
async fn one_of_them_can_be_called_off() {
    let scene = scene_of("evacuate-child", 3).await;
    scene.emco.hold(&target(), None, None);
    let run = start(&scene, &[("canary", "0"), ("concurrency", "2")]).await;
    let report = come_to(&run, &["running", "running", "waiting"]).await;
    let child = run.of_id(report["Digs"][0]["WorkflowID"].as_str().unwrap());
    child.reaches("CheckReadinessStatus").await;
    child.cancel().await;
    come_to(&run, &["rolledBack", "running", "running"]).await;
    scene.emco.release(&target());
    let report = failed(&run, &["2 of 3", "dig1 was rolled back: its workflow was cancelled"]).await;
    assert_eq!(report["Counts"], json!({"moved": 2, "rolledBack": 1}));
    assert_eq!(places(&scene, 3), [SOURCE, TARGET, TARGET]);
    run.replays("evacuation-called-off").await;
}

#[tokio::test]
async fn a_cancelled_evacuation_undoes_running_moves() {
    let scene = scene_of("evacuate-cancel", 3).await;
    scene.emco.hold(&target(), None, None);
    let run = start(&scene, &[("canary", "0"), ("concurrency", "2")]).await;
    let report = come_to(&run, &["running", "running", "waiting"]).await;
    for dig in [0, 1] {
        let child = run.of_id(report["Digs"][dig]["WorkflowID"].as_str().unwrap());
        child.reaches("CheckReadinessStatus").await;
    }
    run.cancel().await;
    let Err(WorkflowGetResultError::Cancelled { details }) = run.end().await else {
        panic!("it was not cancelled")
    };
    let report: Value = details.deserialize().unwrap();
    assert_eq!(states(&report), ["rolledBack", "rolledBack", "skipped"]);
    assert_eq!(report["Cancelled"], true);
    scene.emco.release(&target());
    assert_eq!(places(&scene, 3), [SOURCE; 3]);
    run.replays("evacuation-cancelled").await;
}

#[tokio::test]
async fn children_of_a_terminated_evacuation_undo_their_moves() {
    let scene = scene_of("evacuate-terminate", 2).await;
    scene.emco.hold(&target(), None, None);
    let run = start(&scene, &[("canary", "0")]).await;
    let report = come_to(&run, &["running", "running"]).await;
    let children: Vec<Run> = [0, 1]
        .map(|dig| run.of_id(report["Digs"][dig]["WorkflowID"].as_str().unwrap()))
        .into_iter()
        .collect();
    for child in &children {
        child.reaches("CheckReadinessStatus").await;
    }
    run.terminate().await;
    for child in &children {
        let end = child.end().await;
        assert!(matches!(end, Err(WorkflowGetResultError::Cancelled { .. })), "{end:?}");
    }
    scene.emco.release(&target());
    assert_eq!(places(&scene, 2), [SOURCE; 2]);
}

#[tokio::test]
async fn an_evacuation_survives_its_worker() {
    let mut scene = scene_of("evacuate-killed", 3).await;
    scene.emco.fail(Fault::on("PUT", "dig2/generic", Effect::Silence));
    let run = start(&scene, &[("concurrency", "2")]).await;
    eventually(SOON, "it is at work", async || scene.emco.requests("PUT", "dig2/generic") == 1).await;
    scene.worker.restart().unwrap();
    let result = run.result().await;
    assert_eq!(result["Counts"], json!({"moved": 3}));
    assert_eq!(places(&scene, 3), [TARGET; 3]);
    run.replays("evacuation-worker-killed").await;
}
