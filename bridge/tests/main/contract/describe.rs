//! Description and history, compared with the output of Temporal's own command line.

use std::time::Duration;

use anyhow::{Context, Result};
use bridge_core::model::{Target, WorkflowRun};
use bridge_core::ports::{
    CommandError, EngineError, HistoryPage, HistoryRequest, StopOrder, Update, UpdateError,
};
use futures::{StreamExt, TryStreamExt, stream};
use harness::eventually;
use serde_json::{Value, json};
use temporal::{TemporalConnection, TemporalTarget};
use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    SignalWorkflowExecutionRequest, StartWorkflowExecutionRequest,
};
use workflow_api::{RunId, WorkflowState};

use crate::temporal::{Fixture, SOON, unique};

/// Returns the events of a page, parsed.
pub(super) fn events(page: &HistoryPage) -> Result<Vec<Value>> {
    Ok(page.events.iter().map(|event| serde_json::from_str(event.as_str())).collect::<Result<_, _>>()?)
}

impl Fixture {
    /// Checks that the description equals the CLI's, except for the CLI's additions from other calls and its
    /// shortened memos.
    async fn describes_as_the_cli(&self, run: &WorkflowRun) -> Result<()> {
        let ours = self.engine.describe(run).await?;
        let args = ["workflow", "describe", "-w", run.workflow_id.as_str(), "-r", run.run_id.as_str()];
        let mut theirs = self.server.cli(&[&args[..], &["--no-json-shorthand-payloads"]].concat()).await?;
        let members = theirs.as_object_mut().context("a description is an object")?;
        members.remove("closeEvent");
        members.remove("result");
        assert_eq!(serde_json::from_str::<Value>(ours.json.as_str())?, theirs);
        Ok(())
    }

    /// Checks that the history equals the CLI's, event for event.
    async fn check_history_against_the_cli(&self, run: &WorkflowRun) -> Result<Vec<Value>> {
        let mut ours = Vec::new();
        let mut request = HistoryRequest::default();
        loop {
            let page = self.engine.history(run, &request).await?;
            anyhow::ensure!(!page.events.is_empty() || page.next.is_none(), "an empty page has a next one");
            ours.extend(events(&page)?);
            request.page_token = page.next;
            if request.page_token.is_none() {
                break;
            }
        }
        let args = ["workflow", "show", "-w", run.workflow_id.as_str(), "-r", run.run_id.as_str()];
        let theirs = self.server.cli(&args).await?;
        let events = theirs["events"].as_array().context("a history has events")?;
        for (ours, theirs) in ours.iter().zip(events) {
            assert_eq!(ours, theirs);
        }
        assert_eq!(ours.len(), events.len());
        Ok(ours)
    }

    /// Sends this many signals, in any order.
    pub(crate) async fn signals(&self, run: &WorkflowRun, count: usize) -> Result<()> {
        let client =
            TemporalConnection::new(TemporalTarget::new(&run.target.server, run.target.namespace.as_str())?)
                .client()
                .await?;
        let signals = (0..count).map(|_| {
            let mut temporal = client.connection().workflow_service();
            let request = SignalWorkflowExecutionRequest {
                namespace: run.target.namespace.as_str().to_owned(),
                workflow_execution: Some(WorkflowExecution {
                    workflow_id: run.workflow_id.to_string(),
                    ..WorkflowExecution::default()
                }),
                signal_name: "open".to_owned(),
                ..Default::default()
            };
            async move { temporal.signal_workflow_execution(request.into_request()).await }
        });
        stream::iter(signals).buffer_unordered(32).try_collect::<Vec<_>>().await?;
        Ok(())
    }

    async fn check_description_against_the_cli(&self, run: &WorkflowRun, events: &[&str]) -> Result<()> {
        self.describes_as_the_cli(run).await?;
        let history = self.check_history_against_the_cli(run).await?;
        let types: Vec<&str> = history.iter().filter_map(|event| event["eventType"].as_str()).collect();
        for event in events {
            assert!(types.contains(&format!("EVENT_TYPE_{event}").as_str()), "no {event} in {types:?}");
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_completed_run_is_described_like_the_cli() -> Result<()> {
    let fixture = Fixture::new().await?;
    let options = ["--memo", r#"b="two""#, "--memo", "a=1", "--execution-timeout", "90s"];
    let run = fixture.start_with("Echo", &json!({ "floats": [2.0, 2.5] }), &options).await?;
    fixture.ended(&run, WorkflowState::Completed).await?;
    fixture
        .check_description_against_the_cli(
            &run,
            &["WORKFLOW_EXECUTION_STARTED", "WORKFLOW_EXECUTION_COMPLETED"],
        )
        .await?;
    let described = fixture.engine.describe(&run).await?;
    assert_eq!(described.outline.state, WorkflowState::Completed);
    assert_eq!(described.outline.run_id, run.run_id);
    assert_eq!(described.outline.workflow_type.as_str(), "Echo");
    assert_eq!(described.outline.task_queue.as_str(), fixture.task_queue);
    assert!(described.outline.started < described.outline.closed, "{described:?}");
    Ok(())
}

#[tokio::test]
async fn retries_and_failures_of_activities_are_described_like_the_cli() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.start("FailingActivity", &Value::Null).await?;
    fixture.ended(&run, WorkflowState::Failed).await?;
    fixture
        .check_description_against_the_cli(&run, &["ACTIVITY_TASK_FAILED", "WORKFLOW_EXECUTION_FAILED"])
        .await
}

#[tokio::test]
async fn timers_activities_and_children_are_described_like_the_cli() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.start("Family", &json!(unique("child"))).await?;
    fixture.ended(&run, WorkflowState::Completed).await?;
    let events = ["TIMER_FIRED", "ACTIVITY_TASK_COMPLETED", "CHILD_WORKFLOW_EXECUTION_COMPLETED"];
    fixture.check_description_against_the_cli(&run, &events).await
}

#[tokio::test]
async fn an_open_run_and_its_signals_are_described_like_the_cli() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    fixture.check_description_against_the_cli(&run, &["WORKFLOW_TASK_COMPLETED"]).await?;
    assert_eq!(fixture.engine.outline(&run).await?.closed, None);
    fixture.open_gate(&run, &json!(1)).await?;
    fixture.ended(&run, WorkflowState::Completed).await?;
    fixture.check_description_against_the_cli(&run, &["WORKFLOW_EXECUTION_SIGNALED"]).await
}

#[tokio::test]
async fn a_run_continued_as_new_is_described_like_the_cli() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.start("Again", &json!(1)).await?;
    let last = fixture.ended(&run, WorkflowState::Completed).await?;
    fixture.check_description_against_the_cli(&run, &["WORKFLOW_EXECUTION_CONTINUED_AS_NEW"]).await?;
    assert_eq!(fixture.engine.outline(&run).await?.state, WorkflowState::ContinuedAsNew);
    let last = WorkflowRun { run_id: last.run_id, ..run };
    fixture.check_description_against_the_cli(&last, &["WORKFLOW_EXECUTION_COMPLETED"]).await
}

#[tokio::test]
async fn the_latest_run_is_described_where_none_is_named() -> Result<()> {
    let fixture = Fixture::new().await?;
    let first = fixture.start("Again", &json!(1)).await?;
    let last = fixture.ended(&first, WorkflowState::Completed).await?;
    let latest = WorkflowRun { run_id: Default::default(), ..first };
    assert_eq!(fixture.engine.outline(&latest).await?.run_id, last.run_id);
    Ok(())
}

#[tokio::test]
async fn a_history_of_many_pages_is_returned_page_by_page() -> Result<()> {
    /// Temporal puts 256 on a page.
    const SIGNALS: usize = 600;
    let fixture = Fixture::new().await?;
    // Without a worker, every signal is an event of its own.
    let run = fixture.deserted().await?;
    fixture.signals(&run, SIGNALS).await?;
    let first = fixture.engine.history(&run, &HistoryRequest::default()).await?;
    assert!(first.events.len() < SIGNALS && first.next.is_some(), "{}", first.events.len());
    let history = fixture.check_history_against_the_cli(&run).await?;
    assert!(history.len() > SIGNALS, "{}", history.len());
    Ok(())
}

#[tokio::test]
async fn equal_runs_give_equal_text() -> Result<()> {
    let fixture = Fixture::new().await?;
    let memo: Vec<String> = (0..16).map(|key| format!("key{key}=1")).collect();
    let options: Vec<&str> = memo.iter().flat_map(|memo| ["--memo", memo]).collect();
    let run = fixture.start_with("Echo", &json!(1), &options).await?;
    fixture.ended(&run, WorkflowState::Completed).await?;
    let first = fixture.engine.describe(&run).await?.json;
    let second = fixture.engine.describe(&run).await?.json;
    assert_eq!(first, second);
    Ok(())
}

#[tokio::test]
async fn what_is_not_there_is_named() -> Result<()> {
    let fixture = Fixture::new().await?;
    let unknown = fixture.nobody()?;
    let error = fixture.engine.describe(&unknown).await.unwrap_err();
    assert!(matches!(error, EngineError::NoSuchWorkflow { .. }), "{error:?}");
    let error = fixture.engine.history(&unknown, &HistoryRequest::default()).await.unwrap_err();
    assert!(matches!(error, EngineError::NoSuchWorkflow { .. }), "{error:?}");
    let elsewhere = WorkflowRun {
        target: Target { namespace: "nowhere".into(), ..fixture.target()? },
        ..unknown.clone()
    };
    let error = fixture.engine.describe(&elsewhere).await.unwrap_err();
    assert!(matches!(error, EngineError::NoSuchNamespace { .. }), "{error:?}");
    let misnamed = WorkflowRun { run_id: "not-a-run-id".into(), ..unknown };
    let error = fixture.engine.describe(&misnamed).await.unwrap_err();
    assert!(matches!(error, EngineError::InvalidArgument { .. }), "{error:?}");
    Ok(())
}

/// The worker does not know the workflow type, so it fails the workflow task again and again.
#[tokio::test]
async fn a_run_whose_task_fails_again_and_again_shows_why() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.start("NoSuchType", &Value::Null).await?;
    let failing = eventually(SOON, "the task fails again", async || {
        fixture.engine.outline(&run).await?.task_failing.context("it has not failed twice")
    })
    .await;
    let cause = failing.cause.context("the first failure is in the history")?;
    assert!(failing.attempt > 1 && !cause.kind.is_empty(), "{} {cause:?}", failing.attempt);
    assert!(cause.message.contains("NoSuchType"), "{cause:?}");
    assert!(fixture.engine.describe(&run).await?.outline.task_failing.is_some());
    let update = Update {
        name: "any".to_owned(),
        update_id: unique("update"),
        bound: Duration::from_millis(100),
        ..Update::default()
    };
    let error = eventually(SOON, "Temporal rejects updates", async || {
        match fixture.engine.update(&run, &update).await {
            Err(UpdateError::Command(CommandError::Engine(error))) => Ok(error),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    assert!(matches!(error, EngineError::FailedPrecondition { .. }), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn a_small_page_of_a_history_is_read_as_a_small_page() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    for reverse in [false, true] {
        let mut request = HistoryRequest { page_size: Some(1), reverse, ..HistoryRequest::default() };
        for _ in 0..3 {
            let page = fixture.engine.history(&run, &request).await?;
            assert_eq!(page.events.len(), 1);
            request.page_token = page.next;
        }
        // A token of the engine's own leads to the page of the last event: it is not on the first page.
        let token = request.page_token.context("the history has more events")?;
        assert!(!token.within.is_empty(), "{token:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_run_that_has_not_begun_has_its_time_and_why_the_one_before_failed() -> Result<()> {
    let fixture = Fixture::new().await?;
    let repeated =
        StartWorkflowExecutionRequest { cron_schedule: "@every 4s".to_owned(), ..Default::default() };
    let run = fixture.start_as("FailingActivity", &Value::Null, repeated).await?;
    let first = fixture.engine.outline(&run).await?.next_start.context("it waits for its first time")?;
    assert_eq!(first.failure, None);
    let latest = WorkflowRun { run_id: RunId::default(), ..run.clone() };
    let failure = eventually(SOON, "the next run waits", async || {
        let next = fixture.engine.outline(&latest).await.ok()?.next_start?;
        (next.at > first.at).then_some(next.failure)
    })
    .await;
    let failure = failure.context("the run before has failed")?;
    assert!(!failure.message.is_empty(), "{failure:?}");
    fixture.engine.terminate(&latest, &StopOrder::default(), None).await?;
    Ok(())
}
