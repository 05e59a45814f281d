//! Evacuations that move a bounded number of groups.

use emco_stand_in::{Effect, Fault};
use serde_json::json;
use temporalio_common::data_converters::RawValue;

use super::{SOURCE, TARGET, failed, places, scene_of, start, states, target};

#[tokio::test]
async fn an_evacuation_moves_the_first_groups_and_leaves_the_others() {
    let scene = scene_of("evacuate-bound", 4).await;
    let run = start(&scene, &[("maxGroups", "3")]).await;
    let result = run.result().await;
    assert_eq!(states(&result), ["moved", "moved", "moved", "left"]);
    assert_eq!(result["Counts"], json!({"moved": 3, "left": 1}));
    assert_eq!(result["Digs"][3]["Why"], "maxGroups is 3");
    assert_eq!(result["Digs"][3].get("WorkflowID"), None);
    assert_eq!(places(&scene, 4), [TARGET, TARGET, TARGET, SOURCE]);
    assert_eq!(scene.emco.requests("PUT", "dig4/"), 0);
    let progress = run.query("progress", RawValue::default()).await;
    assert_eq!((&progress["index"], &progress["of"]), (&json!(3), &json!(3)));
    run.replays("evacuation-bounded").await;
    // The next one takes the rest, and has nothing to leave.
    let rest = start(&scene, &[("maxGroups", "3")]).await.result().await;
    assert_eq!(rest["Counts"], json!({"moved": 1}));
    assert_eq!(places(&scene, 4), [TARGET; 4]);
}

#[tokio::test]
async fn a_bounded_dry_run_plans_the_groups_that_would_be_moved() {
    let scene = scene_of("evacuate-bound-dry", 3).await;
    let result = start(&scene, &[("maxGroups", "1"), ("dryRun", "true")]).await.result().await;
    assert_eq!(states(&result), ["planned", "left", "left"]);
    assert_eq!(places(&scene, 3), [SOURCE; 3]);
}

#[tokio::test]
async fn groups_that_cannot_be_moved_do_not_count_towards_the_bound() {
    let scene = scene_of("evacuate-bound-unseen", 4).await;
    let refusal =
        Effect::Answer { status: 403, content_type: "text/plain", body: "RBAC: access denied".to_owned() };
    scene.emco.fail(Fault::on("GET", "dig1/status", refusal).always());
    let run = start(&scene, &[("maxGroups", "1"), ("canary", "2")]).await;
    // The group that is left is not missing.
    let report = failed(&run, &["1 of 2", "dig1 failed: EMCO responded 403"]).await;
    assert_eq!(states(&report), ["failed", "moved", "left", "left"]);
    assert_eq!(places(&scene, 4), [SOURCE, TARGET, SOURCE, SOURCE]);
}

#[tokio::test]
async fn no_group_takes_the_place_of_one_that_was_not_moved() {
    let scene = scene_of("evacuate-bound-canary", 3).await;
    scene.emco.hold(&target(), None, None);
    let run = start(&scene, &[("maxGroups", "2"), ("readyTimeout", "2s")]).await;
    let report = failed(&run, &["0 of 2", "dig1 was rolled back"]).await;
    scene.emco.release(&target());
    assert_eq!(states(&report), ["rolledBack", "skipped", "left"]);
    assert_eq!(report["Counts"], json!({"rolledBack": 1, "skipped": 1, "left": 1}));
    assert_eq!(places(&scene, 3), [SOURCE; 3]);
}
