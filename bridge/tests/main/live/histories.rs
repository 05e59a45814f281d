//! Histories over HTTP, compared with the output of Temporal's own command line: whole, page by page, and
//! from the end.

use anyhow::Result;
use bridge_core::model::WorkflowRun;
use harness::eventually;
use serde_json::{Value, json};
use workflow_api::WorkflowState;

use super::{LiveBridge, next_run, run_of, shown};
use crate::api::{SOON, unique};
use crate::temporal::Fixture;

/// Returns all events, a page of `size` at a time.
async fn paged(bridge: &LiveBridge, run: &WorkflowRun, size: usize, reverse: bool) -> Vec<Value> {
    let mut events = Vec::new();
    let mut token = String::new();
    loop {
        let query = format!("getWfHistory=true&historyPageSize={size}&reverse={reverse}{token}");
        let mut page = bridge.status_json(run, &query, 200).await;
        let Value::Array(events_of_page) = page["workflowHistory"].take() else { panic!("{page}") };
        let full = events_of_page.len() == size;
        events.extend(events_of_page);
        match page["historyNextPageToken"].as_str() {
            Some(next) => token = format!("&historyPageToken={next}"),
            None => return events,
        }
        assert!(full, "a page that is not the last is full");
    }
}

/// Checks that the history equals the CLI's, event for event, in every form.
async fn is_as_shown(fixture: &Fixture, bridge: &LiveBridge, run: &WorkflowRun, types: &[&str]) {
    let shown = shown(fixture, run).await;
    for event in types {
        let event = format!("EVENT_TYPE_{event}");
        assert!(shown.iter().any(|shown| shown["eventType"] == event), "no {event}");
    }
    let whole = bridge.status_json(run, "getWfHistory=true", 200).await;
    assert_eq!(whole["workflowHistory"], json!(shown));
    assert_eq!(whole["historyNextPageToken"], Value::Null);
    assert_eq!(paged(bridge, run, 3, false).await, shown);
    let newest_first: Vec<Value> = shown.iter().rev().cloned().collect();
    assert_eq!(
        bridge.status_json(run, "getWfHistory=true&reverse=true", 200).await["workflowHistory"],
        json!(newest_first)
    );
    assert_eq!(paged(bridge, run, 2, true).await, newest_first);
    let last = bridge.status_json(run, "historyFilter=closeEvent", 200).await;
    let closed = last["workflowState"] != "Running";
    let expected = if closed { json!([newest_first[0]]) } else { json!([]) };
    assert_eq!(last["workflowHistory"], expected);
}

#[tokio::test]
async fn histories_are_those_of_the_cli_event_for_event() -> Result<()> {
    let fixture = Fixture::new().await?;
    let bridge = LiveBridge::on(&fixture).await;

    let family = fixture.start("Family", &json!(unique("child"))).await?;
    let failing = fixture.start("FailingActivity", &Value::Null).await?;
    let again = fixture.start("Again", &json!(1)).await?;
    let gate = fixture.closed_gate().await?;
    is_as_shown(&fixture, &bridge, &gate, &["WORKFLOW_TASK_COMPLETED"]).await;
    fixture.open_gate(&gate, &json!([1, 2.5])).await?;

    fixture.ended(&gate, WorkflowState::Completed).await?;
    is_as_shown(&fixture, &bridge, &gate, &["WORKFLOW_EXECUTION_SIGNALED"]).await;
    fixture.ended(&family, WorkflowState::Completed).await?;
    let types = ["TIMER_FIRED", "ACTIVITY_TASK_COMPLETED", "CHILD_WORKFLOW_EXECUTION_COMPLETED"];
    is_as_shown(&fixture, &bridge, &family, &types).await;
    fixture.ended(&failing, WorkflowState::Failed).await?;
    is_as_shown(&fixture, &bridge, &failing, &["ACTIVITY_TASK_FAILED", "WORKFLOW_EXECUTION_FAILED"]).await;
    let last = fixture.ended(&again, WorkflowState::Completed).await?;
    is_as_shown(&fixture, &bridge, &again, &["WORKFLOW_EXECUTION_CONTINUED_AS_NEW"]).await;
    is_as_shown(&fixture, &bridge, &run_of(&again, last.run_id.as_str()), &["WORKFLOW_EXECUTION_COMPLETED"])
        .await;
    Ok(())
}

#[tokio::test]
async fn speculative_events_of_a_workflow_task_are_left_out() -> Result<()> {
    let fixture = Fixture::new().await?;
    let bridge = LiveBridge::on(&fixture).await;
    // Its worker fails on this input, and Temporal retries again and again.
    let stuck = fixture.start("Again", &json!("not a number")).await?;
    eventually(SOON, "the task is tried again", async || {
        let args = ["workflow", "describe", "-w", stuck.workflow_id.as_str()];
        let described = fixture.server.cli(&args).await?;
        let attempt = described["pendingWorkflowTask"]["attempt"].as_i64().unwrap_or_default();
        anyhow::ensure!(attempt > 1, "{described}");
        Ok(())
    })
    .await;
    is_as_shown(&fixture, &bridge, &stuck, &["WORKFLOW_TASK_FAILED"]).await;
    Ok(())
}

#[tokio::test]
async fn pages_stay_with_the_run_of_the_first_and_fit_nothing_else() -> Result<()> {
    let fixture = Fixture::new().await?;
    let bridge = LiveBridge::on(&fixture).await;
    let gate = fixture.closed_gate().await?;
    let latest = run_of(&gate, "");
    let before = shown(&fixture, &gate).await;
    let first = bridge.status_json(&latest, "historyPageSize=1&reverse=true", 200).await;
    assert_eq!(first["workflowHistory"], json!([before.last()]));
    let token = first["historyNextPageToken"].as_str().unwrap();

    fixture.open_gate(&gate, &json!("again")).await?;
    let other = next_run(&fixture, &gate).await;
    let second = bridge
        .status_json(&latest, &format!("historyPageSize=1&reverse=true&historyPageToken={token}"), 200)
        .await;
    assert_eq!(second["workflowHistory"], json!([before[before.len() - 2]]));

    for query in [format!("historyPageToken={token}"), "historyPageToken=AAAA".to_owned()] {
        let problem = bridge.status_json(&latest, &query, 400).await;
        assert_eq!(
            (&problem["code"], &problem["parameter"]),
            (&json!("invalid_parameter"), &json!("historyPageToken"))
        );
    }
    let problem = bridge.status_json(&other, &format!("reverse=true&historyPageToken={token}"), 400).await;
    assert_eq!(problem["parameter"], "historyPageToken");
    Ok(())
}

#[tokio::test]
async fn a_history_of_many_pages_is_sent_whole_from_either_end() -> Result<()> {
    /// Temporal puts 256 on a page. Without a worker, every signal is an event of its own.
    const SIGNALS: usize = 600;
    let fixture = Fixture::new().await?;
    let bridge = LiveBridge::on(&fixture).await;
    let run = fixture.deserted().await?;
    fixture.signals(&run, SIGNALS).await?;
    let shown = shown(&fixture, &run).await;
    let newest_first: Vec<Value> = shown.iter().rev().cloned().collect();
    assert!(shown.len() > SIGNALS);
    for (run, reverse) in [(&run, false), (&run, true), (&run_of(&run, ""), false)] {
        let status = bridge.status_json(run, &format!("getWfHistory=true&reverse={reverse}"), 200).await;
        assert_eq!(status["workflowHistory"], if reverse { json!(newest_first) } else { json!(shown) });
        assert_eq!(status["workflowState"], "Running");
    }
    Ok(())
}
