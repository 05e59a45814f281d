//! Queries: results, and every reason for a missing one.

use std::time::{Duration, Instant};

use anyhow::Result;
use bridge_core::model::WorkflowRun;
use bridge_core::ports::{EngineError, Query, QueryError, StopOrder};
use harness::eventually;
use serde_json::{Value, json};
use workflow_api::{RawJson, WorkflowState};

use super::NUMBERS;
use crate::temporal::worker::TestWorker;
use crate::temporal::{Fixture, SOON, question, unique};

#[tokio::test]
async fn a_query_is_answered() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    assert_eq!(
        fixture.engine.query(&run, &question("current-state")).await?,
        json!({ "open": false }).into()
    );
    assert_eq!(fixture.engine.query(&run, &question("nothing")).await?, Value::Null.into());
    // Arguments and results are passed on as they were written.
    let argument: RawJson = serde_json::from_str(NUMBERS)?;
    let echo = Query { args: vec![argument], ..question("echo") };
    assert_eq!(fixture.engine.query(&run, &echo).await?.as_str(), NUMBERS);
    Ok(())
}

#[tokio::test]
async fn a_closed_run_still_answers() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    fixture.open_gate(&run, &json!(1)).await?;
    fixture.ended(&run, WorkflowState::Completed).await?;
    assert_eq!(fixture.engine.query(&run, &question("current-state")).await?, json!({ "open": true }).into());
    Ok(())
}

#[tokio::test]
async fn a_query_that_is_unknown_or_has_a_broken_handler_fails() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    for (query_type, text) in [("unknown", "unknown"), ("broken", "the hinge is missing")] {
        let error = fixture.engine.query(&run, &question(query_type)).await.unwrap_err();
        let QueryError::Failed { message, .. } = &error else { panic!("{error:?}") };
        assert!(message.contains(text), "{message}");
    }
    Ok(())
}

#[tokio::test]
async fn a_query_to_a_task_queue_without_workers_reports_it() -> Result<()> {
    let fixture = Fixture::new().await?;
    let deserted = unique("deserted");
    let run = fixture.start_with("Gate", &Value::Null, &["--task-queue", &deserted]).await?;
    let hasty = Query { bound: Some(Duration::from_secs(1)), ..question("current-state") };
    let asked = Instant::now();
    let error = fixture.engine.query(&run, &hasty).await.unwrap_err();
    let QueryError::NoWorker { task_queue, .. } = &error else { panic!("{error:?}") };
    assert_eq!(task_queue.as_str(), deserted);
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
    Ok(())
}

#[tokio::test]
async fn a_query_after_the_last_worker_left_is_late_at_its_bound() -> Result<()> {
    let fixture = Fixture::new().await?;
    let left = unique("left");
    let worker = TestWorker::start(fixture.server.url(), left.clone());
    let run = fixture.start_with("Gate", &Value::Null, &["--task-queue", &left]).await?;
    eventually(SOON, "the workflow answers", async || {
        fixture.engine.query(&run, &question("current-state")).await
    })
    .await;
    drop(worker);
    let hasty = Query { bound: Some(Duration::from_secs(1)), ..question("current-state") };
    let asked = Instant::now();
    let error = fixture.engine.query(&run, &hasty).await.unwrap_err();
    // Temporal still lists the worker for minutes, so the cause is not known; but it is not Temporal that is
    // late.
    let QueryError::Late { bound, task_queue, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*bound, task_queue.as_str()), (Duration::from_secs(1), left.as_str()));
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
    Ok(())
}

#[tokio::test]
async fn a_run_that_ended_before_it_began_cannot_be_queried() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.start_with("Gate", &Value::Null, &["--task-queue", &unique("never")]).await?;
    fixture.engine.terminate(&run, &StopOrder::default(), None).await?;
    let error = fixture.engine.query(&run, &question("current-state")).await.unwrap_err();
    assert!(matches!(error, QueryError::Rejected { .. }), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn a_query_to_a_missing_workflow_reports_it() -> Result<()> {
    let fixture = Fixture::new().await?;
    let unknown = WorkflowRun {
        target: fixture.target()?,
        workflow_id: unique("nobody").into(),
        run_id: Default::default(),
    };
    let error = fixture.engine.query(&unknown, &question("current-state")).await.unwrap_err();
    assert!(matches!(error, QueryError::Engine(EngineError::NoSuchWorkflow { .. })), "{error:?}");
    Ok(())
}
