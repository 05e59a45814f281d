//! Lists, looks, task queues and the past of runs.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::response::Response;
use axum::routing::post;
use bridge_core::model::{RunDetail, RunSeen, WorkflowRun};
use bridge_core::ports::{EngineError, QueueLook, Watch};
use bridge_temporal::{Bounds, TemporalWatch};
use harness::eventually;
use jiff::{SignedDuration, Timestamp};
use prost::Message;
use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::workflow::v1::WorkflowExecutionInfo;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    GetSystemInfoResponse, ListWorkflowExecutionsRequest, ListWorkflowExecutionsResponse,
};
use workflow_api::{TaskQueue, WorkflowId, WorkflowState};

use super::super::newer::{framed, run_of};
use super::super::{BOUNDS, Fixture, SOON, unique};

/// Well before a test, and far less than the time for which a server keeps runs.
fn lately() -> Timestamp {
    Timestamp::now() - SignedDuration::from_secs(60)
}

async fn looked(watch: &TemporalWatch, run: &WorkflowRun) -> Result<(RunSeen, RunDetail)> {
    watch.look(run).await?.context("there is such a run")
}

fn states(runs: &[RunSeen]) -> Vec<WorkflowState> {
    runs.iter().filter_map(|run| run.state).collect()
}

#[tokio::test]
async fn the_runs_of_many_workflows_are_listed_at_once() -> Result<()> {
    let fixture = Fixture::new().await?;
    let (_, watch) = super::watch(fixture.server.address())?;
    let open = fixture.closed_gate().await?;
    let done = fixture.start("Echo", &json!(1)).await?;
    let failed = fixture.start("FailingActivity", &Value::Null).await?;
    let again = fixture.start("Again", &json!(2)).await?;
    let mut workflows: Vec<_> =
        [&open, &done, &failed, &again].into_iter().map(|run| run.workflow_id.clone()).collect();
    workflows.push(unique("nobody").into());
    // These are looked at one by one.
    for odd in ["it's ?", "say \"a\\b\""] {
        let id = unique(odd);
        let args = ["workflow", "start", "--type", "Echo", "--task-queue", fixture.task_queue];
        fixture.server.cli(&[&args[..], &["--input", "1", "--workflow-id", &id]].concat()).await?;
        workflows.push(id.into());
    }
    workflows.push(unique("nobody?").into());

    let of = |runs: &[RunSeen], workflow: &WorkflowId| -> Vec<RunSeen> {
        runs.iter().filter(|run| run.workflow_id == *workflow).cloned().collect()
    };
    let runs = eventually(SOON, "all runs but one have closed", async || {
        let runs = watch.list(&workflows, lately()).await.map_err(|error| format!("{error:?}"))?;
        let closed = runs.iter().filter(|run| !run.is_open()).count();
        if closed == 7 { Ok(runs) } else { Err(format!("{runs:?}")) }
    })
    .await;
    use WorkflowState::{Completed, ContinuedAsNew, Failed, Running};
    for (workflow, expected) in workflows.iter().zip([
        &[Running][..],
        &[Completed],
        &[Failed],
        &[ContinuedAsNew, ContinuedAsNew, Completed],
        &[],
        &[Completed],
        &[Completed],
        &[],
    ]) {
        let runs = of(&runs, workflow);
        assert_eq!(states(&runs), expected, "{workflow}: {runs:?}");
        assert!(
            runs.iter().all(|run| run.started.is_some() && run.closed.is_some() != run.is_open()),
            "{runs:?}"
        );
    }
    assert_eq!(of(&runs, &workflows[0])[0].run_id, open.run_id);

    let later = Timestamp::now() + SignedDuration::from_secs(5);
    assert_eq!(watch.list(&workflows, later).await?, []);
    assert_eq!(watch.list(&[], lately()).await?, []);
    Ok(())
}

#[tokio::test]
async fn a_list_may_take_longer_than_another_call() -> Result<()> {
    const CALL: Duration = Duration::from_millis(50);
    async fn answer(Path(method): Path<String>) -> Response {
        if method == "GetSystemInfo" {
            return framed(&GetSystemInfoResponse::default().encode_to_vec());
        }
        // A list that is slow.
        tokio::time::sleep(CALL * 5).await;
        framed(&ListWorkflowExecutionsResponse::default().encode_to_vec())
    }
    let target = run_of(post(answer)).await?.target;
    let (_, watch) = super::watch_with(&target.server, Bounds { call: CALL, ..BOUNDS })?;
    assert_eq!(watch.list(&["w".into()], Timestamp::UNIX_EPOCH).await?, []);
    Ok(())
}

#[tokio::test]
async fn a_busy_server_is_asked_again_and_all_pages_are_read() -> Result<()> {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    async fn answer(Path(method): Path<String>, body: Bytes) -> Response {
        if method == "GetSystemInfo" {
            return framed(&GetSystemInfoResponse::default().encode_to_vec());
        }
        assert_eq!(method, "ListWorkflowExecutions");
        if CALLS.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            let busy =
                Response::builder().header("content-type", "application/grpc").header("grpc-status", "8");
            return busy.body(Body::empty()).unwrap();
        }
        let request = ListWorkflowExecutionsRequest::decode(&body[5..]).unwrap();
        let run = |run_id: &str, status: WorkflowState| {
            let status = if status == WorkflowState::Running { 1 } else { 2 };
            let execution = WorkflowExecution { workflow_id: "w".to_owned(), run_id: run_id.to_owned() };
            WorkflowExecutionInfo { execution: Some(execution), status, ..Default::default() }
        };
        let (executions, next_page_token) = match request.next_page_token.as_slice() {
            [] => (vec![run("a", WorkflowState::Running), run("b", WorkflowState::Running)], vec![1]),
            // It has closed meanwhile.
            _ => (vec![run("a", WorkflowState::Completed)], Vec::new()),
        };
        framed(&ListWorkflowExecutionsResponse { executions, next_page_token }.encode_to_vec())
    }
    let target = run_of(post(answer)).await?.target;
    let (_, watch) = super::watch(&target.server)?;
    let runs = watch.list(&["w".into()], lately()).await?;
    assert_eq!(states(&runs), [WorkflowState::Completed, WorkflowState::Running]);
    assert_eq!(CALLS.load(Ordering::SeqCst), 4);
    Ok(())
}

#[tokio::test]
async fn a_run_is_seen_with_what_it_waits_for() -> Result<()> {
    let fixture = Fixture::new().await?;
    let (_, watch) = super::watch(fixture.server.address())?;
    assert_eq!(watch.look(&fixture.nobody()?).await?, None);

    let deserted = fixture.deserted().await?;
    let (run, detail) = looked(&watch, &deserted).await?;
    assert_eq!((run.run_id, run.state), (deserted.run_id.clone(), Some(WorkflowState::Running)));
    assert_eq!((detail.activities.len(), detail.task_attempt, detail.history_length), (0, 1, 2));
    assert!(detail.task_queue.as_str().starts_with("never-"), "{detail:?}");

    let stuck = fixture.start("Retrying", &json!(1000)).await?;
    let begun = Timestamp::now();
    let (run, detail) = eventually(SOON, "an activity fails again and again", async || {
        let (run, detail) = looked(&watch, &stuck).await?;
        let tried = detail.activities.first().is_some_and(|activity| activity.attempt >= 3);
        if tried { Ok((run, detail)) } else { anyhow::bail!("{detail:?}") }
    })
    .await;
    assert!(run.is_open(), "{run:?}");
    let [activity] = &detail.activities[..] else { panic!("{detail:?}") };
    assert_eq!(activity.kind, "Fussy");
    assert!(activity.last_failure.ends_with("is not good enough"), "{activity:?}");
    let scheduled = activity.scheduled.context("it has a time")?;
    assert!(begun - SignedDuration::from_secs(1) < scheduled, "{begun} {activity:?}");
    assert_eq!((detail.task_queue.as_str(), detail.task_attempt), (fixture.task_queue, 0));
    fixture.server.cli(&["workflow", "terminate", "-w", stuck.workflow_id.as_str()]).await?;
    let (run, detail) = looked(&watch, &stuck).await?;
    assert_eq!((run.state, detail.activities), (Some(WorkflowState::Terminated), Vec::new()));
    assert!(run.closed >= run.started && run.closed.is_some(), "{run:?}");
    Ok(())
}

#[tokio::test]
async fn a_task_queue_has_workers_or_tasks_that_wait() -> Result<()> {
    let fixture = Fixture::new().await?;
    let (_, watch) = super::watch(fixture.server.address())?;
    fixture.closed_gate().await?;
    let served = TaskQueue::from(fixture.task_queue);
    eventually(SOON, "a worker polls", async || {
        watch.queue(&served).await.map(|look| look.has_pollers).unwrap_or_default()
    })
    .await;

    let nothing = watch.queue(&unique("unused").as_str().into()).await?;
    assert_eq!(nothing, QueueLook::default());

    let begun = Timestamp::now();
    let deserted = fixture.deserted().await?;
    let (_, detail) = looked(&watch, &deserted).await?;
    let waits_since = eventually(SOON, "a task waits", async || {
        let look = watch.queue(&detail.task_queue).await.map_err(|error| format!("{error:?}"))?;
        assert!(!look.has_pollers, "{look:?}");
        look.waits_since.ok_or_else(|| format!("{look:?}"))
    })
    .await;
    let off = waits_since.duration_since(begun).abs();
    assert!(off < SignedDuration::from_secs(5), "{waits_since}, and it was started at {begun}");
    assert_eq!(waits_since.subsec_nanosecond(), 0);
    Ok(())
}

#[tokio::test]
async fn the_past_of_a_run_ends_with_what_is_seen_now() -> Result<()> {
    let fixture = Fixture::new().await?;
    let (_, watch) = super::watch(fixture.server.address())?;
    let open = fixture.closed_gate().await?;
    let failed = fixture.start("FailingActivity", &Value::Null).await?;
    fixture.ended(&failed, WorkflowState::Failed).await?;
    let again = fixture.start("Again", &json!(1)).await?;
    fixture.ended(&again, WorkflowState::Completed).await?;
    for run in [&open, &failed, &again, &fixture.deserted().await?] {
        let past = watch.past(run, 1000).await?;
        assert!(past.is_sorted_by_key(|look| look.at) && past.len() > 1, "{past:?}");
        let last = past.last().context("it has begun")?;
        assert_eq!((last.run.clone(), last.detail.clone()), looked(&watch, run).await?);
        assert_eq!(past[0].run.state, Some(WorkflowState::Running));
        assert_eq!(watch.past(run, 1).await?, past[..1]);
        // The newest run of the workflow.
        let newest = watch.past(&WorkflowRun { run_id: Default::default(), ..run.clone() }, 1).await?;
        assert_eq!(newest[0].run.run_id == run.run_id, run.workflow_id != again.workflow_id);
    }
    let nobody = watch.past(&fixture.nobody()?, 1).await;
    assert!(matches!(nobody, Err(EngineError::NoSuchWorkflow { .. })), "{nobody:?}");
    Ok(())
}

#[tokio::test]
async fn the_past_has_the_last_attempt_of_an_activity() -> Result<()> {
    let fixture = Fixture::new().await?;
    let (_, watch) = super::watch(fixture.server.address())?;
    let run = fixture.start("Retrying", &json!(2)).await?;
    fixture.ended(&run, WorkflowState::Completed).await?;
    let past = watch.past(&run, 1000).await?;
    let mut attempts: Vec<_> = past
        .iter()
        .filter_map(|look| {
            let activity = look.detail.activities.first()?;
            Some((activity.kind.as_str(), activity.attempt, activity.last_failure.as_str()))
        })
        .collect();
    attempts.dedup();
    assert_eq!(attempts, [("Fussy", 1, ""), ("Fussy", 3, "attempt 2 is not good enough")]);
    let third = past.iter().find(|look| look.detail.activities.first().is_some_and(|seen| seen.attempt == 3));
    let third = third.context("it was seen")?;
    let first = past.iter().find(|look| !look.detail.activities.is_empty()).context("it was seen")?;
    // Two pauses between the attempts.
    assert!(third.at.duration_since(first.at) >= SignedDuration::from_millis(350), "{past:?}");
    Ok(())
}
