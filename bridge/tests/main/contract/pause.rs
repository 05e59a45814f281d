//! Pausing, and what a paused run shows.

use std::time::Duration;

use anyhow::{Context, Result};
use bridge_core::model::WorkflowRun;
use bridge_core::ports::{CommandError, EngineError, PauseError, PauseOrder, StopOrder, Waited};
use futures::{StreamExt, TryStreamExt};
use serde_json::{Value, json};
use workflow_api::WorkflowState;

use super::describe::events;
use crate::temporal::{Fixture, SOON, unique};

const SHORT: Duration = Duration::from_millis(300);

fn order() -> PauseOrder {
    PauseOrder { reason: "maintenance".to_owned(), identity: "admin@example".to_owned() }
}

fn open(run: &WorkflowRun, state: WorkflowState) -> Waited {
    Waited::StillOpen { run_id: run.run_id.clone(), state }
}

#[tokio::test]
async fn a_paused_run_is_open_and_continues_when_unpaused() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    let latest = WorkflowRun { run_id: Default::default(), ..run.clone() };
    // Repeats change nothing.
    for _ in 0..2 {
        fixture.engine.pause(&run, &order()).await?;
        assert_eq!(fixture.engine.outline(&latest).await?.state, WorkflowState::Paused);
        for run in [&run, &latest] {
            let waited = fixture.engine.wait(run, Some(SHORT)).await?;
            assert_eq!(
                waited,
                open(
                    &WorkflowRun { run_id: fixture.engine.outline(&latest).await?.run_id, ..run.clone() },
                    WorkflowState::Paused
                )
            );
        }
    }
    for _ in 0..2 {
        fixture.engine.unpause(&run, &order()).await?;
        assert_eq!(fixture.engine.outline(&latest).await?.state, WorkflowState::Running);
    }
    let history = events(&fixture.engine.history(&run, &Default::default()).await?)?;
    let paused = history.iter().find(|event| event["eventType"] == "EVENT_TYPE_WORKFLOW_EXECUTION_PAUSED");
    let paused = &paused.context("the pause is in the history")?["workflowExecutionPausedEventAttributes"];
    assert_eq!((&paused["identity"], &paused["reason"]), (&json!("admin@example"), &json!("maintenance")));
    fixture.open_gate(&run, &json!("through")).await?;
    assert_eq!(fixture.ended(&run, WorkflowState::Completed).await?.result, Some(json!("through").into()));
    Ok(())
}

#[tokio::test]
async fn a_wait_lasts_through_a_pause() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    let wait = tokio::spawn({
        let (engine, run) = (fixture.engine.clone(), run.clone());
        async move { engine.wait(&run, Some(SOON)).await }
    });
    // Its poll is open before the pause.
    assert_eq!(fixture.engine.wait(&run, Some(SHORT)).await?, open(&run, WorkflowState::Running));
    fixture.engine.pause(&run, &order()).await?;
    harness::eventually(SOON, "the wait sees the pause", async || {
        let waited = fixture.engine.wait(&run, Some(Duration::ZERO)).await.ok()?;
        (waited == open(&run, WorkflowState::Paused)).then_some(())
    })
    .await;
    assert!(!wait.is_finished());
    fixture.open_gate(&run, &json!("through")).await?;
    fixture.engine.unpause(&run, &order()).await?;
    let Waited::Closed(closed) = wait.await?? else { anyhow::bail!("the run has ended") };
    assert_eq!((closed.state, closed.result), (WorkflowState::Completed, Some(json!("through").into())));
    Ok(())
}

#[tokio::test]
async fn a_stream_goes_on_through_a_pause_without_a_gap() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.start_with("Gate", &Value::Null, &["--task-queue", &unique("never")]).await?;
    let mut early = fixture.engine.events(&run, 0);
    assert_eq!(early.try_next().await?.context("the start")?.event_id, 1);
    fixture.engine.pause(&run, &order()).await?;
    let mut late = fixture.engine.events(&run, 0);
    let mut seen = Vec::new();
    while !seen.last().is_some_and(|(_, pauses)| *pauses) {
        let event = late.try_next().await?.context("the run goes on")?;
        seen.push((event.event_id, event.pauses));
    }
    fixture.signals(&run, 1).await?;
    fixture.engine.unpause(&run, &order()).await?;
    fixture.engine.terminate(&run, &StopOrder::default(), None).await?;
    let rest: Vec<_> = late.map_ok(|event| (event.event_id, event.pauses)).try_collect().await?;
    seen.extend(rest);
    let ids: Vec<_> = seen.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, (1..=ids.len() as i64).collect::<Vec<_>>());
    assert_eq!(seen.iter().filter(|(_, pauses)| *pauses).count(), 2, "{seen:?}");
    let early: Vec<_> = early.map(|event| event.map(|event| event.event_id)).try_collect().await?;
    assert_eq!(early, ids[1..]);
    Ok(())
}

#[tokio::test]
async fn a_paused_run_can_be_stopped() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    fixture.engine.pause(&run, &order()).await?;
    fixture.engine.cancel(&run, &StopOrder::default()).await?;
    fixture.engine.terminate(&run, &StopOrder::default(), None).await?;
    fixture.ended(&run, WorkflowState::Terminated).await?;
    Ok(())
}

#[tokio::test]
async fn what_has_ended_or_is_not_there_is_not_paused() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.start("Echo", &json!(1)).await?;
    fixture.ended(&run, WorkflowState::Completed).await?;
    let nobody =
        WorkflowRun { workflow_id: unique("nobody").into(), run_id: Default::default(), ..run.clone() };
    for verb in ["pause", "unpause"] {
        let call = async |run: &WorkflowRun| match verb {
            "pause" => fixture.engine.pause(run, &order()).await,
            _ => fixture.engine.unpause(run, &order()).await,
        };
        let closed = call(&run).await.unwrap_err();
        assert!(matches!(closed, PauseError::Command(CommandError::AlreadyClosed { .. })), "{closed:?}");
        let absent = call(&nobody).await.unwrap_err();
        let PauseError::Command(CommandError::Engine(absent)) = absent else { panic!("{absent:?}") };
        assert!(matches!(absent, EngineError::NoSuchWorkflow { .. }), "{absent:?}");
    }
    Ok(())
}
