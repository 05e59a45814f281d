//! Resets.

use anyhow::Result;
use bridge_core::model::WorkflowRun;
use bridge_core::ports::{EngineError, Reset, ResetError, ResetPoint};
use serde_json::json;
use workflow_api::WorkflowState;

use super::stop::event;
use crate::temporal::Fixture;

fn to(to: ResetPoint) -> Reset {
    Reset { to, reason: "once more".to_owned(), identity: "admin@example".to_owned() }
}

#[tokio::test]
async fn a_workflow_runs_again_from_each_kind_of_point() -> Result<()> {
    let fixture = Fixture::new().await?;
    // The fourth event completed the first task.
    for point in [ResetPoint::FirstWorkflowTask, ResetPoint::LastWorkflowTask, ResetPoint::Event(4)] {
        let run = fixture.closed_gate().await?;
        let run_id = fixture.engine.reset(&run, &to(point)).await?;
        assert_ne!(run_id, run.run_id);
        assert_eq!(fixture.engine.outline(&run).await?.state, WorkflowState::Terminated);
        let attributes = "workflowExecutionTerminatedEventAttributes";
        let end = event(&fixture, &run, "EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED", attributes).await?;
        assert!(end["reason"].as_str().unwrap_or_default().contains("once more"), "{end}");
        let again = WorkflowRun { run_id, ..run };
        fixture.stands(&again).await;
        fixture.open_gate(&again, &json!("through")).await?;
        let closed = fixture.ended(&again, WorkflowState::Completed).await?;
        assert_eq!(closed.result, Some(json!("through").into()));
    }
    Ok(())
}

#[tokio::test]
async fn a_closed_run_can_be_reset() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.start("Echo", &json!(1)).await?;
    fixture.ended(&run, WorkflowState::Completed).await?;
    let run_id = fixture.engine.reset(&run, &to(ResetPoint::FirstWorkflowTask)).await?;
    let again = WorkflowRun { run_id, ..run };
    assert_eq!(fixture.ended(&again, WorkflowState::Completed).await?.run_id, again.run_id);
    Ok(())
}

#[tokio::test]
async fn a_reset_needs_a_completed_task() -> Result<()> {
    let fixture = Fixture::new().await?;
    let run = fixture.deserted().await?;
    for point in [ResetPoint::FirstWorkflowTask, ResetPoint::LastWorkflowTask] {
        let error = fixture.engine.reset(&run, &to(point)).await.unwrap_err();
        assert!(matches!(error, ResetError::NothingDone { .. }), "{error:?}");
    }
    let error = fixture.engine.reset(&run, &to(ResetPoint::Event(99))).await.unwrap_err();
    assert!(matches!(error, ResetError::Engine(EngineError::InvalidArgument { .. })), "{error:?}");
    let nobody = fixture.engine.reset(&fixture.nobody()?, &to(ResetPoint::FirstWorkflowTask)).await;
    assert!(matches!(nobody, Err(ResetError::Engine(EngineError::NoSuchWorkflow { .. }))), "{nobody:?}");
    assert_eq!(fixture.engine.outline(&run).await?.state, WorkflowState::Running);
    Ok(())
}
