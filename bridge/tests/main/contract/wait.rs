//! Waiting: all ends of a run, timeouts, and many callers on one long poll.

use std::time::{Duration, Instant};

use anyhow::Result;
use bridge_core::model::WorkflowRun;
use bridge_core::ports::{EngineError, Waited};
use futures::future::join_all;
use harness::eventually;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde_json::{Value, json};
use workflow_api::WorkflowState;

use crate::temporal::{Fixture, SOON, unique};

#[tokio::test]
async fn a_completed_run_has_its_result() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.start("Echo", &json!({ "app": "web" })).await?;
    let closed = fixture.ended(&run, WorkflowState::Completed).await?;
    assert_eq!(closed.result, Some(json!({ "echo": { "app": "web" } }).into()));
    assert_eq!((closed.failure, closed.run_id), (None, run.run_id));
    Ok(())
}

#[tokio::test]
async fn a_run_that_answers_nothing_has_the_result_null() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.start("Nothing", &Value::Null).await?;
    assert_eq!(fixture.ended(&run, WorkflowState::Completed).await?.result, Some(Value::Null.into()));
    Ok(())
}

#[tokio::test]
async fn a_failed_run_has_the_chain_of_its_causes() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.start("FailingActivity", &Value::Null).await?;
    let closed = fixture.ended(&run, WorkflowState::Failed).await?;
    assert_eq!(closed.result, None);
    let mut chain = Vec::new();
    let mut next = closed.failure.as_ref();
    while let Some(failure) = next {
        chain.push((failure.kind.as_str(), failure.activity.as_deref(), failure.message.as_str()));
        next = failure.cause.as_deref();
    }
    assert!(chain.contains(&("ActivityFailure", Some("MoveApp"), "Activity task failed")), "{chain:?}");
    let attempts = std::iter::successors(closed.failure.as_ref(), |failure| failure.cause.as_deref());
    assert_eq!(attempts.filter_map(|failure| failure.attempt).collect::<Vec<_>>(), [1]);
    assert_eq!(chain.last(), Some(&("NoSuchApp", None, "app web is unknown")), "{chain:?}");
    Ok(())
}

#[tokio::test]
async fn a_run_that_exceeds_its_timeout_timed_out() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.start_with("Gate", &Value::Null, &["--run-timeout", "1s"]).await?;
    let closed = fixture.ended(&run, WorkflowState::TimedOut).await?;
    assert_eq!(closed.failure.unwrap_or_default().kind, "WorkflowTimeout");
    Ok(())
}

#[tokio::test]
async fn a_run_that_continues_as_new_is_followed_to_the_last() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.start("Again", &json!(3)).await?;
    let closed = fixture.ended(&run, WorkflowState::Completed).await?;
    assert_eq!(closed.result, Some(json!("at last").into()));
    assert_ne!(closed.run_id, run.run_id);
    let latest = WorkflowRun { run_id: Default::default(), ..run };
    assert_eq!(fixture.engine.outline(&latest).await?.run_id, closed.run_id);
    assert_eq!(fixture.ended(&latest, WorkflowState::Completed).await?, closed);
    Ok(())
}

#[tokio::test]
async fn a_workflow_that_is_not_there_is_not_waited_for() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = WorkflowRun {
        target: fixture.target()?,
        workflow_id: unique("nobody").into(),
        run_id: Default::default(),
    };
    let error = fixture.engine.wait(&run, None).await.unwrap_err();
    assert!(matches!(error, EngineError::NoSuchWorkflow { .. }), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn at_its_timeout_a_wait_reports_that_the_run_is_open() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    for bound in [Duration::ZERO, Duration::from_millis(300)] {
        let since = Instant::now();
        let waited = fixture.engine.wait(&run, Some(bound)).await?;
        let took = since.elapsed();
        let open = Waited::StillOpen { run_id: run.run_id.clone(), state: WorkflowState::Running };
        assert_eq!(waited, open);
        assert!(took >= bound && took < bound + Duration::from_secs(2), "{took:?} for {bound:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_wait_that_ends_early_names_the_run_that_lives_now() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    fixture.open_gate(&run, &json!("again")).await?;
    let latest = WorkflowRun { run_id: Default::default(), ..run.clone() };
    let next = eventually(SOON, "the next run", async || {
        let seen = fixture.engine.outline(&latest).await.ok()?;
        (seen.run_id != run.run_id).then_some(seen.run_id)
    })
    .await;
    let waited = fixture.engine.wait(&run, Some(Duration::from_millis(100))).await?;
    assert_eq!(waited, Waited::StillOpen { run_id: next, state: WorkflowState::Running });
    Ok(())
}

#[tokio::test]
async fn a_wait_of_no_time_still_reports_a_run_that_has_ended() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.start("Again", &json!(2)).await?;
    let closed = fixture.ended(&run, WorkflowState::Completed).await?;
    assert_eq!(fixture.engine.wait(&run, Some(Duration::ZERO)).await?, Waited::Closed(closed));
    Ok(())
}

#[tokio::test]
async fn many_waiters_on_one_run_share_one_long_poll() -> Result<()> {
    let polls = OpenPolls::new();
    let _recording = polls.record();
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    let other = fixture.closed_gate().await?;
    let waits: Vec<_> = (0..100)
        .map(|_| {
            let (engine, run) = (fixture.engine.clone(), run.clone());
            tokio::spawn(async move { engine.wait(&run, Some(SOON)).await })
        })
        .collect();
    eventually(SOON, "one poll is open", async || polls.open() == 1.0).await;
    let elsewhere = tokio::spawn({
        let engine = fixture.engine.clone();
        async move { engine.wait(&other, Some(SOON)).await }
    });
    eventually(SOON, "another run has a poll of its own", async || polls.open() == 2.0).await;
    fixture.open_gate(&run, &json!("through")).await?;
    for waited in join_all(waits).await {
        let Waited::Closed(closed) = waited?? else { panic!("the run has ended") };
        assert_eq!(closed.result, Some(json!("through").into()));
    }
    eventually(SOON, "the poll is over", async || polls.open() == 1.0).await;
    elsewhere.abort();
    eventually(SOON, "the other is over", async || polls.open() == 0.0).await;
    Ok(())
}

#[tokio::test]
async fn the_poll_ends_when_the_last_waiter_leaves() -> Result<()> {
    let polls = OpenPolls::new();
    let _recording = polls.record();
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    let mut waits: Vec<_> = (0..2)
        .map(|_| {
            let (engine, run) = (fixture.engine.clone(), run.clone());
            tokio::spawn(async move { engine.wait(&run, None).await })
        })
        .collect();
    eventually(SOON, "one poll is open", async || polls.open() == 1.0).await;
    let stays = waits.pop();
    waits.into_iter().for_each(|wait| wait.abort());
    // One more caller comes and leaves at its timeout: the poll is still there for the other one.
    let passing = fixture.engine.wait(&run, Some(Duration::from_millis(100))).await?;
    assert!(matches!(passing, Waited::StillOpen { .. }), "{passing:?}");
    assert_eq!(polls.open(), 1.0);
    if let Some(wait) = stays {
        wait.abort();
    }
    eventually(Duration::from_secs(1), "the poll is over", async || polls.open() == 0.0).await;
    // The next caller starts a new poll.
    fixture.open_gate(&run, &json!(1)).await?;
    fixture.ended(&run, WorkflowState::Completed).await?;
    Ok(())
}

/// Returns the gauge of open long polls in this test's thread, where all its tasks run.
struct OpenPolls {
    recorder: metrics_exporter_prometheus::PrometheusRecorder,
    handle: PrometheusHandle,
}

impl OpenPolls {
    fn new() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        Self { recorder, handle }
    }

    fn record(&self) -> metrics::LocalRecorderGuard<'_> {
        metrics::set_default_local_recorder(&self.recorder)
    }

    fn open(&self) -> f64 {
        let text = self.handle.render();
        let value = text.lines().find_map(|line| line.strip_prefix("bridge_long_polls "));
        value.and_then(|value| value.parse().ok()).unwrap_or_default()
    }
}
