//! Workflows as streams of server-sent events.

use std::time::Duration;

use anyhow::Result;
use bridge_core::model::WorkflowRun;
use serde_json::{Value, json};
use workflow_api::WorkflowState;

use super::sockets::{Call, Event};
use super::{LiveBridge, next_run, run_of, shown};
use crate::api::SOON;
use crate::temporal::Fixture;

const ACCEPT: (&str, &str) = ("Accept", "text/event-stream");

async fn follow(bridge: &LiveBridge, run: &WorkflowRun, query: &str) -> Call {
    Call::get(bridge.port, &LiveBridge::path(run, query), &[ACCEPT]).await
}

async fn come_back(bridge: &LiveBridge, run: &WorkflowRun, last: &str) -> Call {
    Call::get(bridge.port, &LiveBridge::path(run, ""), &[ACCEPT, ("Last-Event-ID", last)]).await
}

/// Returns the history of a run from a stream.
fn history(events: &[Event], run_id: &str) -> Vec<Value> {
    let of_run = |event: &&Event| event.name == "history" && event.id.starts_with(run_id);
    events.iter().filter(of_run).map(|event| event.data.clone()).collect()
}

fn states(events: &[Event]) -> Vec<(&str, &str)> {
    let text = |event: &'_ Event| event.data["workflowState"].as_str().is_some();
    let states = events.iter().filter(|event| event.name != "history" && text(event));
    states.map(|event| (event.name.as_str(), event.data["workflowState"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn a_stream_has_all_runs_from_the_first_event_to_the_result() -> Result<()> {
    let fixture = Fixture::new().await?;
    let bridge = LiveBridge::on(&fixture).await;
    let first = fixture.closed_gate().await?;
    let live = follow(&bridge, &first, "").await;
    bridge.stands(SOON, &[("bridge_open_streams", 1.0), ("bridge_long_polls", 1.0)]).await;
    fixture.open_gate(&first, &json!("again")).await?;
    next_run(&fixture, &first).await;
    fixture.open_gate(&first, &json!({"through": true})).await?;
    let live = tokio::time::timeout(SOON, live.events()).await?;
    let last = fixture.ended(&first, WorkflowState::Completed).await?.run_id;

    let closed = live.last().unwrap();
    assert_eq!((closed.name.as_str(), &closed.data["workflowResult"]), ("closed", &json!({"through": true})));
    assert_eq!(closed.data["runID"], last.as_str());
    assert_eq!(
        states(&live),
        [("state", "Running"), ("state", "ContinuedAsNew"), ("state", "Running"), ("closed", "Completed")]
    );
    assert_eq!(history(&live, first.run_id.as_str()), shown(&fixture, &first).await);
    let last = run_of(&first, last.as_str());
    assert_eq!(history(&live, last.run_id.as_str()), shown(&fixture, &last).await);

    // Read afterwards, it is the same history.
    let later = follow(&bridge, &first, "").await.events().await;
    let of =
        |events: &[Event]| events.iter().filter(|event| event.name == "history").cloned().collect::<Vec<_>>();
    assert_eq!(of(&later), of(&live));
    let endings = follow(&bridge, &first, "historyFilter=closeEvent").await.events().await;
    let types: Vec<_> = of(&endings).iter().map(|event| event.data["eventType"].clone()).collect();
    assert_eq!(
        types,
        ["EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW", "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED"]
    );

    // After a reconnection, no event is missing and none comes twice.
    for seen in 1..of(&live).len() {
        let resumed = come_back(&bridge, &first, &of(&live)[seen - 1].id).await.events().await;
        assert_eq!(of(&resumed), of(&live)[seen..], "after {seen} events");
        assert_eq!(resumed.last(), live.last(), "after {seen} events");
    }
    let over = come_back(&bridge, &first, &of(&live).last().unwrap().id).await.events().await;
    assert_eq!((of(&over).len(), over.last()), (0, live.last()));
    let url = format!("http://127.0.0.1:{}{}", bridge.port, LiveBridge::path(&first, ""));
    let end =
        harness::http().get(url).header("accept", "text/event-stream").header("last-event-id", &closed.id);
    assert_eq!(end.send().await?.status(), 204);
    Ok(())
}

#[tokio::test]
async fn many_streams_share_one_long_poll_and_end_with_their_callers() -> Result<()> {
    const STREAMS: usize = 50;
    let fixture = Fixture::new().await?;
    let bridge = LiveBridge::on(&fixture).await;
    let gate = fixture.closed_gate().await?;
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        streams.push(follow(&bridge, &gate, "").await);
    }
    bridge.stands(SOON, &[("bridge_open_streams", STREAMS as f64), ("bridge_long_polls", 1.0)]).await;
    // Half of the callers leave.
    streams.truncate(STREAMS / 2);
    bridge
        .stands(
            Duration::from_secs(1),
            &[("bridge_open_streams", (STREAMS / 2) as f64), ("bridge_long_polls", 1.0)],
        )
        .await;
    fixture.open_gate(&gate, &json!("through")).await?;
    for events in futures::future::join_all(streams.into_iter().map(Call::events)).await {
        assert_eq!(events.last().unwrap().data["workflowResult"], "through", "{events:?}");
    }
    bridge.stands(SOON, &[("bridge_open_streams", 0.0), ("bridge_long_polls", 0.0)]).await;

    let other = fixture.closed_gate().await?;
    let lonely = follow(&bridge, &other, "").await;
    bridge.stands(SOON, &[("bridge_open_streams", 1.0), ("bridge_long_polls", 1.0)]).await;
    drop(lonely);
    bridge.stands(Duration::from_secs(1), &[("bridge_open_streams", 0.0), ("bridge_long_polls", 0.0)]).await;
    Ok(())
}

#[tokio::test]
async fn a_failed_workflow_closes_its_stream_with_the_failure() -> Result<()> {
    let fixture = Fixture::new().await?;
    let bridge = LiveBridge::on(&fixture).await;
    let run = fixture.start("FailingActivity", &Value::Null).await?;
    let events = follow(&bridge, &run, "").await.events().await;
    let closed = events.last().unwrap();
    assert_eq!((closed.name.as_str(), &closed.data["workflowState"]), ("closed", &json!("Failed")));
    assert!(closed.data["workflowFailure"]["message"].is_string(), "{closed:?}");
    Ok(())
}

#[tokio::test]
async fn a_stopping_bridge_asks_its_streams_and_waits_to_reconnect() -> Result<()> {
    let fixture = Fixture::new().await?;
    let mut bridge = LiveBridge::on(&fixture).await;
    let gate = fixture.closed_gate().await?;
    let stream = follow(&bridge, &gate, "").await;
    let wait = Call::get(bridge.port, &LiveBridge::path(&gate, "waitForResult=true&timeout=60"), &[]).await;
    bridge.stands(SOON, &[("bridge_open_streams", 1.0), ("bridge_open_waits", 1.0)]).await;
    bridge.process.terminate()?;
    let (events, (code, _)) =
        tokio::time::timeout(Duration::from_secs(5), async { tokio::join!(stream.events(), wait.answer()) })
            .await?;
    assert_eq!(code, 202);
    assert_eq!(events.last().unwrap().retry, Some(1000), "{events:?}");
    assert!(bridge.process.wait_exit(SOON).await?.success());
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_followed_is_a_problem_before_the_stream() -> Result<()> {
    let fixture = Fixture::new().await?;
    let bridge = LiveBridge::on(&fixture).await;
    let unknown = WorkflowRun {
        target: fixture.closed_gate().await?.target,
        workflow_id: crate::api::unique("nobody").into(),
        run_id: Default::default(),
    };
    let (code, problem) = follow(&bridge, &unknown, "").await.answer().await;
    assert_eq!((code, &problem["code"]), (404, &json!("no_such_workflow")));
    let (code, problem) = come_back(&bridge, &unknown, "7").await.answer().await;
    assert_eq!((code, &problem["parameter"]), (400, &json!("last-event-id")));
    let (code, problem) = follow(&bridge, &unknown, "queryType=q").await.answer().await;
    assert_eq!((code, &problem["parameter"]), (400, &json!("queryType")));
    Ok(())
}
