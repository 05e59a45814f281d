//! Temporal is away, unresponsive, or disconnected in the middle of a wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bridge_core::model::WorkflowRun;
use bridge_core::ports::{
    CommandError, Engine, EngineError, HistoryRequest, PauseOrder, StopOrder, Update, Waited,
};
use bridge_temporal::{Bounds, TemporalEngine};
use futures::TryStreamExt;
use harness::{Proxy, eventually, free_port};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use workflow_api::WorkflowState;

use super::question;
use super::{Fixture, SOON, engine, unique};

/// How far a timeout may be exceeded on a busy machine.
const SLACK: Duration = Duration::from_millis(1500);

/// Longer than any test waits.
const LONG: Duration = Duration::from_secs(120);

fn run_at(address: &str) -> Result<WorkflowRun> {
    let target = super::target(address);
    Ok(WorkflowRun { target, workflow_id: "any".into(), run_id: Default::default() })
}

/// Makes all calls of an engine, one after the other. Each must end within `bound` with an error that
/// `expected` accepts.
async fn everything_fails(
    engine: &TemporalEngine,
    run: &WorkflowRun,
    bound: Duration,
    expected: fn(&EngineError) -> bool,
) {
    let check = |what: &str, since: Instant, error: EngineError| {
        assert!(expected(&error), "{what}: {error:?}");
        assert!(since.elapsed() < bound + SLACK, "{what} took {:?}", since.elapsed());
    };
    let since = Instant::now();
    check("describe", since, engine.describe(run).await.unwrap_err());
    let since = Instant::now();
    check("history", since, engine.history(run, &HistoryRequest::default()).await.unwrap_err());
    let since = Instant::now();
    check("wait", since, engine.wait(run, Some(bound)).await.unwrap_err());
    let since = Instant::now();
    let CommandError::Engine(error) = engine.cancel(run, &StopOrder::default()).await.unwrap_err() else {
        panic!("nothing has shown that the run is closed");
    };
    check("cancel", since, error);
    let since = Instant::now();
    let CommandError::Engine(error) = engine.terminate(run, &StopOrder::default(), None).await.unwrap_err()
    else {
        panic!("nothing has shown that the run is closed");
    };
    check("terminate", since, error);
    let since = Instant::now();
    let error = engine.query(run, &question("any")).await.unwrap_err();
    let bridge_core::ports::QueryError::Engine(error) = error else { panic!("{error:?}") };
    check("query", since, error);
}

#[tokio::test]
async fn a_closed_port_is_unavailable_at_once() -> Result<()> {
    let run = run_at(&format!("127.0.0.1:{}", free_port()))?;
    let unavailable = |error: &EngineError| matches!(error, EngineError::Unavailable { .. });
    everything_fails(&engine(), &run, Duration::from_millis(500), unavailable).await;
    Ok(())
}

#[tokio::test]
async fn an_unresponsive_server_is_unavailable_within_the_timeout() -> Result<()> {
    let silent = TcpListener::bind("127.0.0.1:0").await?;
    let run = run_at(&silent.local_addr()?.to_string())?;
    let bound = Duration::from_millis(300);
    let engine = super::engine_with(Bounds { call: bound, query: bound, ..Bounds::default() });
    let unavailable = |error: &EngineError| matches!(error, EngineError::Unavailable { .. });
    everything_fails(&engine, &run, bound, unavailable).await;
    Ok(())
}

#[tokio::test]
async fn a_server_that_falls_silent_later_ends_every_call() -> Result<()> {
    let fixture = Fixture::new().await?;
    let proxy = Proxy::start(fixture.server.address()).await?;
    let mut run = fixture.start("Echo", &json!(1)).await?;
    run.target = super::target(&proxy.address());
    let bound = Duration::from_millis(500);
    let engine = super::engine_with(Bounds { call: bound, query: bound, ..Bounds::default() });
    eventually(SOON, "the engine is connected", async || engine.describe(&run).await).await;
    proxy.pause();
    // After a query, one more call finds out why there is no result.
    let error = engine.describe(&run).await.unwrap_err();
    assert!(matches!(error, EngineError::DeadlineExceeded { .. }), "{error:?}");
    // Once the connection has been found dead, nothing can be reached.
    let late = |error: &EngineError| {
        matches!(error, EngineError::DeadlineExceeded { .. } | EngineError::Unavailable { .. })
    };
    everything_fails(&engine, &run, bound * 2, late).await;
    Ok(())
}

#[tokio::test]
async fn a_wait_outlives_a_slow_first_look() -> Result<()> {
    let fixture = Fixture::new().await?;
    let mut proxy = Proxy::start(fixture.server.address()).await?;
    let mut run = fixture.start("Echo", &json!(1)).await?;
    run.target = super::target(&proxy.address());
    let bound = Duration::from_millis(500);
    let engine = Arc::new(super::engine_with(Bounds { call: bound, query: bound, ..Bounds::default() }));
    eventually(SOON, "the engine is connected", async || engine.describe(&run).await).await;
    proxy.pause();
    let waiting = tokio::spawn({
        let (engine, run) = (Arc::clone(&engine), run.clone());
        async move { engine.wait(&run, Some(SOON)).await }
    });
    // Longer than a call may take.
    for _ in 0..3 {
        engine.describe(&run).await.unwrap_err();
    }
    proxy.resume().await?;
    let Waited::Closed(closed) = waiting.await?? else { panic!("the run has ended") };
    assert_eq!(closed.result, Some(json!({"echo": 1}).into()));
    Ok(())
}

#[tokio::test]
async fn a_wait_outlives_a_broken_connection() -> Result<()> {
    let fixture = Fixture::new().await?;
    let proxy = Proxy::start(fixture.server.address()).await?;
    let run = fixture.closed_gate().await?;
    let waiting = waits_through(&fixture, &run, &proxy).await;
    for _ in 0..3 {
        proxy.cut();
        seen_running(&fixture, &run, &proxy).await;
    }
    fixture.open_gate(&run, &json!("through")).await?;
    let Waited::Closed(closed) = waiting.await?? else { panic!("the run has ended") };
    assert_eq!((closed.state, closed.result), (WorkflowState::Completed, Some(json!("through").into())));
    Ok(())
}

/// As by a server that limits the age of connections, or by a proxy: each cut is later than a server may be
/// away.
#[tokio::test]
async fn waits_streams_and_updates_outlive_connections_that_are_cut_again_and_again() -> Result<()> {
    let fixture = Fixture::new().await?;
    let proxy = Proxy::start(fixture.server.address()).await?;
    let run = fixture.closed_gate().await?;
    let waiting = waits_through(&fixture, &run, &proxy).await;
    let through = run_through(&run, &proxy);
    let streaming = tokio::spawn(fixture.engine.events(&through, 0).try_collect::<Vec<_>>());
    let engine = Arc::clone(&fixture.engine);
    let name = "await-open".to_owned();
    let update = Update { name, update_id: unique("update"), bound: LONG, ..Update::default() };
    let updating = tokio::spawn(async move { engine.update(&through, &update).await });
    // Each second cut fails a call, because the connection repeats one by itself.
    for _ in 0..4 {
        let since = Instant::now();
        proxy.cut();
        let passed = async || since.elapsed() > Duration::from_millis(2200);
        eventually(SOON, "the server may not be away any longer", passed).await;
        assert!(!waiting.is_finished());
        assert!(!streaming.is_finished());
        assert!(!updating.is_finished());
    }
    fixture.open_gate(&run, &json!("through")).await?;
    let Waited::Closed(closed) = waiting.await?? else { panic!("the run has ended") };
    assert_eq!(closed.result, Some(json!("through").into()));
    let events = streaming.await??;
    assert!(events.last().is_some_and(|last| last.close.is_some()), "{events:?}");
    Ok(())
}

/// The server holds no poll open for a paused run, so that it is looked at each second.
#[tokio::test]
async fn a_stream_of_a_paused_run_outlives_a_server_that_is_away_for_a_moment() -> Result<()> {
    let fixture = Fixture::new().await?;
    let mut proxy = Proxy::start(fixture.server.address()).await?;
    let run = fixture.closed_gate().await?;
    fixture.engine.pause(&run, &PauseOrder::default()).await?;
    let mut events = fixture.engine.events(&run_through(&run, &proxy), 0);
    while !events.try_next().await?.context("the run goes on")?.pauses {}
    let streaming = tokio::spawn(events.try_collect::<Vec<_>>());
    let since = Instant::now();
    proxy.refuse().await;
    let passed = async || since.elapsed() > Duration::from_millis(1200);
    eventually(SOON, "the run was looked at", passed).await;
    proxy.resume().await?;
    fixture.open_gate(&run, &json!("through")).await?;
    fixture.engine.unpause(&run, &PauseOrder::default()).await?;
    let events = streaming.await??;
    assert!(events.last().is_some_and(|last| last.close.is_some()), "{events:?}");
    Ok(())
}

#[tokio::test]
async fn a_wait_ends_when_temporal_stays_away() -> Result<()> {
    let fixture = Fixture::new().await?;
    let mut proxy = Proxy::start(fixture.server.address()).await?;
    let run = fixture.start_with("Gate", &Value::Null, &[]).await?;
    let waiting = waits_through(&fixture, &run, &proxy).await;
    let since = Instant::now();
    proxy.refuse().await;
    let error = waiting.await?.unwrap_err();
    assert!(matches!(error, EngineError::Unavailable { .. }), "{error:?}");
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    Ok(())
}

fn run_through(run: &WorkflowRun, proxy: &Proxy) -> WorkflowRun {
    WorkflowRun { target: super::target(&proxy.address()), ..run.clone() }
}

type WaitResult = Result<Waited, EngineError>;

async fn waits(engine: Arc<dyn Engine>, run: WorkflowRun) -> WaitResult {
    engine.wait(&run, Some(LONG)).await
}

/// Starts a wait over the proxy, whose long poll is then open.
async fn waits_through(fixture: &Fixture, run: &WorkflowRun, proxy: &Proxy) -> JoinHandle<WaitResult> {
    let waiting = tokio::spawn(waits(fixture.engine.clone(), run_through(run, proxy)));
    seen_running(fixture, run, proxy).await;
    waiting
}

/// Waits until a wait over the proxy has seen the run, so that its long poll is open.
async fn seen_running(fixture: &Fixture, run: &WorkflowRun, proxy: &Proxy) {
    let run = run_through(run, proxy);
    eventually(SOON, "the run is seen running", async || {
        fixture.engine.wait(&run, Some(Duration::ZERO)).await.map_err(|error| format!("{error:?}"))
    })
    .await;
}
