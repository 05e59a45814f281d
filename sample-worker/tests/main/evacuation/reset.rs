//! Resets of an evacuation, which leave the children of the former run.

use serde_json::json;
use temporalio_client::errors::WorkflowGetResultError;
use temporalio_common::data_converters::{PayloadConverter, RawValue};

use super::{
    SOURCE, TARGET, WORKFLOW, come_to, failed, params, places, report, scene_of, start, states, target,
};
use crate::run::{Run, SOON};
use crate::scene::Scene;

/// Waits until the latest run follows its group by an activity.
async fn follows(run: &Run) {
    harness::eventually(SOON, "it follows the running move", async || {
        let attempts = run.attempts().await;
        // The history shows an attempt only when it has ended.
        if attempts.iter().any(|(name, _)| name == "AwaitRelocation") {
            Ok(())
        } else {
            Err(format!("{attempts:?}"))
        }
    })
    .await;
}

/// Resets an evacuation while its move waits for its app. Returns the move, its run ID in the report before, and the
/// new run, which follows the move.
async fn reset_while_it_moves(scene: &Scene) -> (Run, String, Run) {
    scene.emco.hold(&target(), None, None);
    let run = start(scene, &[]).await;
    let before = come_to(&run, &["running"]).await;
    let dig = &before["Digs"][0];
    let child = run.of_id(dig["WorkflowID"].as_str().unwrap());
    child.reaches("CheckReadinessStatus").await;
    let reset = run.reset_to_first_task().await;
    follows(&reset).await;
    (child, dig["RunID"].as_str().unwrap().to_owned(), reset)
}

#[tokio::test]
async fn a_reset_evacuation_takes_up_a_running_move() {
    let scene = scene_of("evacuate-reset", 1).await;
    let (child, run_id, reset) = reset_while_it_moves(&scene).await;
    assert_eq!(states(&report(&reset).await), ["running"]);
    scene.emco.release(&target());
    let result = reset.result().await;
    assert_eq!(result["Counts"], json!({"moved": 1}), "{result}");
    assert_eq!(result["Digs"][0]["ReadyOn"], json!({"collectd": [TARGET]}));
    assert_eq!(child.latest_run_id().await, run_id);
    assert_eq!(places(&scene, 1), [TARGET]);
    reset.replays("evacuation-reset").await;
}

#[tokio::test]
async fn cancelling_a_reset_evacuation_cancels_the_running_move() {
    let scene = scene_of("evacuate-reset-cancel", 1).await;
    let (child, _, reset) = reset_while_it_moves(&scene).await;
    reset.cancel().await;
    let end = reset.end().await;
    assert!(matches!(end, Err(WorkflowGetResultError::Cancelled { .. })), "{end:?}");
    let end = child.end().await;
    assert!(matches!(end, Err(WorkflowGetResultError::Cancelled { .. })), "{end:?}");
    assert_eq!(states(&report(&reset).await), ["rolledBack"]);
    scene.emco.release(&target());
    assert_eq!(places(&scene, 1), [SOURCE]);
}

#[tokio::test]
async fn a_reset_evacuation_notices_a_move_that_has_ended() {
    let scene = scene_of("evacuate-reset-ended", 1).await;
    let run = start(&scene, &[]).await;
    assert_eq!(run.result().await["Counts"], json!({"moved": 1}));
    let reset = run.reset_after_child_start().await;
    let result = reset.result().await;
    assert_eq!(result["Counts"], json!({"moved": 1}), "{result}");
    assert_eq!(places(&scene, 1), [TARGET]);
    reset.replays("evacuation-reset-ended").await;
}

/// Temporal drops the end of a child whose parent is closed.
#[tokio::test]
async fn a_reset_evacuation_notices_a_move_that_ended_after_the_former_run() {
    let scene = scene_of("evacuate-reset-late", 1).await;
    scene.emco.hold(&target(), None, None);
    let run = start(&scene, &[]).await;
    let before = come_to(&run, &["running"]).await;
    let child = run.of_id(before["Digs"][0]["WorkflowID"].as_str().unwrap());
    child.reaches("CheckReadinessStatus").await;
    run.terminate().await;
    let end = child.end().await;
    assert!(matches!(end, Err(WorkflowGetResultError::Cancelled { .. })), "{end:?}");
    let reset = run.reset_after_child_start().await;
    let report = failed(&reset, &["cancelled"]).await;
    assert_eq!(states(&report), ["rolledBack"]);
    assert_eq!(places(&scene, 1), [SOURCE]);
}

#[tokio::test]
async fn another_workflow_under_the_id_of_a_move_fails_its_group() {
    let scene = scene_of("evacuate-foreign", 1).await;
    let id = format!("{}-evacuation", scene.queue);
    let move_id = format!("{id}/proj1/capp1/v1/dig1");
    let foreign = scene.start_as(move_id, "nobody", "Foreign", RawValue::default(), 1).await;
    let input = RawValue::from_value(&params(&scene, &[]), &PayloadConverter::default());
    let run = scene.start_as(id, &scene.queue, WORKFLOW, input, 1).await;
    let report = failed(&run, &["another workflow with the ID", "terminate it"]).await;
    assert_eq!(states(&report), ["failed"]);
    assert_eq!(places(&scene, 1), [SOURCE]);
    foreign.terminate().await;
}
