//! Signals.

use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bridge_core::ports::{CommandError, EngineError, HistoryRequest, Signal};
use serde_json::{Value, json};
use workflow_api::WorkflowState;

use super::NUMBERS;
use super::describe::events;
use crate::temporal::Fixture;

fn open(with: &Value) -> Signal {
    Signal {
        name: "open".to_owned(),
        args: vec![with.clone().into()],
        request_id: "once".to_owned(),
        identity: "admin@example".to_owned(),
    }
}

#[tokio::test]
async fn a_signal_reaches_the_workflow_with_its_arguments() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.closed_gate().await?;
    fixture.engine.signal(&run, &open(&json!({ "a": [1, 2.5] }))).await?;
    let closed = fixture.ended(&run, WorkflowState::Completed).await?;
    assert_eq!(closed.result, Some(json!({ "a": [1, 2.5] }).into()));
    Ok(())
}

#[tokio::test]
async fn arguments_are_passed_on_as_they_were_written() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.deserted().await?;
    let signal = Signal { args: vec![serde_json::from_str(NUMBERS)?], ..open(&Value::Null) };
    fixture.engine.signal(&run, &signal).await?;
    let history = events(&fixture.engine.history(&run, &HistoryRequest::default()).await?)?;
    let signal = history.iter().find_map(|event| event.get("workflowExecutionSignaledEventAttributes"));
    let data = signal.and_then(|signal| signal["input"]["payloads"][0]["data"].as_str());
    assert_eq!(data, Some(BASE64_STANDARD.encode(NUMBERS).as_str()));
    Ok(())
}

#[tokio::test]
async fn signals_with_one_id_are_one_signal() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.deserted().await?;
    for _ in 0..2 {
        fixture.engine.signal(&run, &open(&json!(1))).await?;
    }
    fixture.engine.signal(&run, &Signal { request_id: "another".to_owned(), ..open(&json!(2)) }).await?;
    let history = events(&fixture.engine.history(&run, &HistoryRequest::default()).await?)?;
    let signals: Vec<&Value> = history
        .iter()
        .filter(|event| event["eventType"] == "EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED")
        .map(|event| &event["workflowExecutionSignaledEventAttributes"])
        .collect();
    assert_eq!(signals.len(), 2, "{signals:?}");
    assert!(signals.iter().all(|signal| signal["identity"] == "admin@example"), "{signals:?}");
    Ok(())
}

#[tokio::test]
async fn a_signal_needs_an_open_run() -> Result<()> {
    let fixture = Fixture::new().await?;
    let error = fixture.engine.signal(&fixture.nobody()?, &open(&json!(1))).await.unwrap_err();
    assert!(matches!(error, CommandError::Engine(EngineError::NoSuchWorkflow { .. })), "{error:?}");
    let run = fixture.start("Echo", &json!(1)).await?;
    fixture.ended(&run, WorkflowState::Completed).await?;
    let error = fixture.engine.signal(&run, &open(&json!(1))).await.unwrap_err();
    let CommandError::AlreadyClosed { state, .. } = error else { panic!("{error:?}") };
    assert_eq!(state, WorkflowState::Completed);
    Ok(())
}
