//! Starts that an earlier life of the bridge left open.

use std::sync::Arc;

use bridge::intent::{Outcome, Run, StartId};
use bridge::temporal::EngineError;
use harness::eventually;
use jiff::{SignedDuration, Timestamp};
use workflow_api::WorkflowState;

use super::engine::{ScriptedEngine, description};
use super::{Api, SOON, sample_key, unique};

/// A start that was asked for so long ago, and never settled.
fn open(workflow_id: &str, age: SignedDuration) -> Run {
    Run {
        id: StartId::new(),
        intent: sample_key(),
        workflow_id: workflow_id.into(),
        idempotency_key: "key".to_owned(),
        requested_at: Timestamp::now() - age,
        outcome: Outcome::Starting,
    }
}

async fn settled(api: &Api, run: &Run) -> Outcome {
    api.app.store.add_run(run).await.unwrap();
    let app = Arc::clone(&api.app);
    let settling = tokio::spawn(async move { app.settle_open_starts(Timestamp::now()).await });
    let outcome = eventually(SOON, "the start is settled", async || {
        let outcome = api.run_of_sample().await.outcome;
        (outcome != Outcome::Starting).then_some(outcome)
    })
    .await;
    settling.await.unwrap();
    outcome
}

#[tokio::test]
async fn a_start_that_temporal_took_is_settled_as_started() {
    let (api, temporal) = Api::on_temporal().await;
    let id = unique("recovered");
    let run = open(&id, SignedDuration::from_secs(1));
    let args = ["workflow", "start", "--type", "T", "--task-queue", "nobody", "--workflow-id", &id];
    let started = temporal.cli(&args).await.unwrap();
    let outcome = settled(&api, &run).await;
    let Outcome::Started { run_id, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(run_id.unwrap().as_str(), started["runId"]);
}

#[tokio::test]
async fn a_start_that_never_reached_temporal_is_settled_as_not_started() {
    let (api, _) = Api::on_temporal().await;
    let outcome = settled(&api, &open(&unique("never"), SignedDuration::from_mins(5))).await;
    assert!(matches!(outcome, Outcome::NotStarted { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_start_of_long_ago_stays_unknown() {
    let (api, _) = Api::on_temporal().await;
    let outcome = settled(&api, &open(&unique("old"), SignedDuration::from_hours(48))).await;
    assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_run_that_came_much_later_is_another_start() {
    let api = Api::on_engine(ScriptedEngine::default()).await;
    let outcome = settled(&api, &open("w", SignedDuration::from_hours(1))).await;
    assert!(
        matches!(&outcome, Outcome::Unknown { reason, .. } if reason.contains("later run")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_start_that_may_still_come_is_waited_for() {
    // Temporal is away at first, then knows an older run only, then the right one.
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let engine = ScriptedEngine {
        describe: Box::new(move |run| {
            let mut found = description(WorkflowState::Running);
            match calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                0 => {
                    return Err(EngineError::NoSuchWorkflow {
                        target: String::new(),
                        workflow_id: run.workflow_id.clone(),
                        run_id: run.run_id.clone(),
                    });
                }
                1 => found.started = Some("2020-01-01T00:00:00Z".parse().unwrap()),
                _ => {}
            }
            Ok(found)
        }),
        ..ScriptedEngine::default()
    };
    let api = Api::on_engine(engine).await;
    let outcome = settled(&api, &open("w", SignedDuration::from_secs(1))).await;
    assert!(matches!(outcome, Outcome::Started { run_id: Some(_), .. }), "{outcome:?}");
}
