//! Cancelling and terminating, now or later.

use std::time::Duration;

use anyhow::Result;
use bridge_core::model::WorkflowRun;
use bridge_core::ports::{CommandError, EngineError, EscalateError, HistoryRequest, StopOrder};
use serde_json::{Value, json};
use workflow_api::WorkflowState;

use super::describe::events;
use crate::temporal::{Fixture, SOON};

fn order() -> StopOrder {
    StopOrder {
        reason: "the cluster goes down".to_owned(),
        identity: "admin@example".to_owned(),
        ..StopOrder::default()
    }
}

/// Returns the attributes of the first event of a type.
pub(super) async fn event(
    fixture: &Fixture,
    run: &WorkflowRun,
    event_type: &str,
    attributes: &str,
) -> Result<Value> {
    let history = fixture.engine.history(run, &HistoryRequest::default()).await?;
    let event = events(&history)?.into_iter().find(|event| event["eventType"] == event_type);
    Ok(event.map_or(Value::Null, |mut event| event[attributes].take()))
}

#[tokio::test]
async fn a_cancelled_run_ends_with_identity_and_reason() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    fixture.engine.cancel(&run, &order()).await?;
    let closed = fixture.ended(&run, WorkflowState::Canceled).await?;
    let failure = closed.failure.unwrap_or_default();
    assert_eq!(
        (failure.kind.as_str(), failure.message.as_str()),
        ("CanceledFailure", "the cluster goes down")
    );
    let request = event(
        &fixture,
        &run,
        "EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED",
        "workflowExecutionCancelRequestedEventAttributes",
    )
    .await?;
    assert_eq!(request["identity"], "admin@example");
    assert_eq!(request["cause"], "the cluster goes down");
    Ok(())
}

#[tokio::test]
async fn a_terminated_run_ends_at_once_with_identity_reason_details() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    fixture.engine.terminate(&run, &order(), Some(&json!([{ "ticket": 7 }]).into())).await?;
    let closed = fixture.ended(&run, WorkflowState::Terminated).await?;
    let failure = closed.failure.unwrap_or_default();
    assert_eq!(
        (failure.kind.as_str(), failure.message.as_str()),
        ("TerminatedFailure", "the cluster goes down")
    );
    let end = event(
        &fixture,
        &run,
        "EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED",
        "workflowExecutionTerminatedEventAttributes",
    )
    .await?;
    assert_eq!(end["identity"], "admin@example");
    // One payload with the array, as EMCO sends it: base64 of `[{"ticket":7}]`.
    assert_eq!(end["details"]["payloads"][0]["data"], "W3sidGlja2V0Ijo3fV0=");
    assert_eq!(end["details"]["payloads"].as_array().map(Vec::len), Some(1));
    Ok(())
}

#[tokio::test]
async fn an_order_without_a_name_is_the_bridges() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    fixture.engine.terminate(&run, &StopOrder::default(), None).await?;
    let attributes = "workflowExecutionTerminatedEventAttributes";
    let end = event(&fixture, &run, "EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED", attributes).await?;
    assert_eq!(end["identity"], "bridge");
    assert_eq!(end["details"], Value::Null);
    Ok(())
}

#[tokio::test]
async fn a_run_that_has_ended_is_not_stopped_again() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.start("Echo", &json!(1)).await?;
    fixture.ended(&run, WorkflowState::Completed).await?;
    for stopped in
        [fixture.engine.cancel(&run, &order()).await, fixture.engine.terminate(&run, &order(), None).await]
    {
        let error = stopped.unwrap_err();
        let CommandError::AlreadyClosed { state, run_id, .. } = &error else { panic!("{error:?}") };
        assert_eq!((*state, run_id), (WorkflowState::Completed, &run.run_id));
    }
    Ok(())
}

#[tokio::test]
async fn cancelling_twice_is_cancelling() -> Result<()> {
    let fixture = Fixture::new().await?;
    // Without a worker, the run cannot end between the two.
    let run = fixture.deserted().await?;
    fixture.engine.cancel(&run, &order()).await?;
    fixture.engine.cancel(&run, &order()).await?;
    fixture.engine.terminate(&run, &order(), None).await?;
    Ok(())
}

#[tokio::test]
async fn a_workflow_that_is_not_there_is_not_stopped() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.nobody()?;
    for stopped in
        [fixture.engine.cancel(&run, &order()).await, fixture.engine.terminate(&run, &order(), None).await]
    {
        let error = stopped.unwrap_err();
        assert!(matches!(error, CommandError::Engine(EngineError::NoSuchWorkflow { .. })), "{error:?}");
    }
    Ok(())
}

// The SDK's worker waits on a thread of its own, while another must drive the runtime.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_run_that_does_not_close_in_time_is_terminated() -> Result<()> {
    let fixture = Fixture::escalating().await?;
    let run = fixture.closed_gate().await?;
    let grace = Duration::from_millis(300);
    let first = fixture.engine.terminate_after(&run, &order(), grace).await?;
    // The first call counts.
    let again = fixture.engine.terminate_after(&run, &order(), SOON).await?;
    assert_eq!(again.workflow_id, first.workflow_id);
    assert_eq!((first.already_scheduled, again.already_scheduled), (false, true));
    let closed = fixture.ended(&run, WorkflowState::Terminated).await?;
    let message = closed.failure.unwrap_or_default().message;
    assert!(message.ends_with("the cluster goes down"), "{message}");
    let attributes = "workflowExecutionTerminatedEventAttributes";
    let end = event(&fixture, &run, "EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED", attributes).await?;
    assert_eq!(end["identity"], "admin@example");
    Ok(())
}

#[tokio::test]
async fn an_engine_that_does_not_escalate_refuses_a_later_end() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    let error = fixture.engine.terminate_after(&run, &order(), SOON).await.unwrap_err();
    assert!(matches!(error, EscalateError::Off), "{error:?}");
    assert_eq!(fixture.engine.outline(&run).await?.state, WorkflowState::Running);
    Ok(())
}
