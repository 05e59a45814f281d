//! Resets a workflow to a point of its history.

use std::time::Duration;

use bridge_core::ports::{Reset, ResetError, ResetPoint};
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use temporalio_common::protos::temporal::api::workflowservice::v1::ResetWorkflowExecutionRequest;
use workflow_api::RunId;

use crate::describe;
use crate::history::{self, Order};
use crate::rpc::Session;

/// Resets the run, and returns the new one.
pub(crate) async fn reset(
    session: &Session<'_>,
    reset: &Reset,
    bound: Duration,
) -> Result<RunId, ResetError> {
    // Fixes the run for both calls, in case a new one starts in between.
    let run_id = describe::outline(session, session.execution(), bound).await?.run_id;
    let event_id = match reset.to {
        ResetPoint::Event(event_id) => event_id,
        ResetPoint::FirstWorkflowTask => completed_task(session, &run_id, Order::Forward, bound).await?,
        ResetPoint::LastWorkflowTask => completed_task(session, &run_id, Order::Backward, bound).await?,
    };
    let request = ResetWorkflowExecutionRequest {
        namespace: session.namespace(),
        workflow_execution: session.execution_of(run_id.as_str()),
        reason: reason(reset),
        workflow_task_finish_event_id: event_id,
        // Temporal requires an ID, but does not recognize a repeat by it (1.32).
        request_id: uuid::Uuid::new_v4().to_string(),
        identity: reset.identity.clone(),
        ..Default::default()
    };
    let answer = session.call(bound, request).await?;
    Ok(answer.run_id.into())
}

/// Returns the reason with the requester: Temporal takes the identity of a reset, but does not put it into the history
/// (1.32).
fn reason(Reset { reason, identity, .. }: &Reset) -> String {
    match (reason.as_str(), identity.as_str()) {
        (reason, "") => reason.to_owned(),
        ("", identity) => format!("by {identity}"),
        (reason, identity) => format!("{reason} (by {identity})"),
    }
}

/// Returns the event that completed the first workflow task, or the last.
async fn completed_task(
    session: &Session<'_>,
    run_id: &RunId,
    order: Order,
    bound: Duration,
) -> Result<i64, ResetError> {
    let mut token = Vec::new();
    loop {
        let (page, next) = history::page(session, run_id, order, token, usize::MAX, bound).await?;
        let completed = page.iter().find(|event| event.event_type() == EventType::WorkflowTaskCompleted);
        if let Some(event) = completed {
            return Ok(event.event_id);
        }
        if next.is_empty() {
            let workflow_id = session.run().workflow_id.clone();
            return Err(ResetError::NothingDone { workflow_id, run_id: run_id.clone() });
        }
        token = next;
    }
}
