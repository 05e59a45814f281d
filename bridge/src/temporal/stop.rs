//! Ending a run from outside.

use std::time::Duration;

use serde_json::Value;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    RequestCancelWorkflowExecutionRequest, TerminateWorkflowExecutionRequest,
};
use workflow_api::WorkflowState;

use super::rpc::Session;
use super::{EngineError, StopError, StopOrder, describe, payload};

/// Asks the run to end.
pub(super) async fn cancel(
    session: &Session<'_>,
    order: &StopOrder,
    bound: Duration,
) -> Result<(), StopError> {
    // Asked first, because Temporal takes the request for a closed run as well and says nothing.
    open(session, bound).await?;
    let request = RequestCancelWorkflowExecutionRequest {
        namespace: session.namespace(),
        workflow_execution: session.execution(),
        identity: identity(order),
        // The SDK may repeat the call; Temporal then knows it for the same.
        request_id: uuid::Uuid::new_v4().to_string(),
        reason: order.reason.clone(),
        ..Default::default()
    };
    session
        .call(bound, request, |temporal, request| temporal.request_cancel_workflow_execution(request))
        .await?;
    Ok(())
}

/// Ends the run at once.
pub(super) async fn terminate(
    session: &Session<'_>,
    order: &StopOrder,
    details: Option<&Value>,
    bound: Duration,
) -> Result<(), StopError> {
    let request = TerminateWorkflowExecutionRequest {
        namespace: session.namespace(),
        workflow_execution: session.execution(),
        reason: order.reason.clone(),
        details: payload::from_json(details),
        identity: identity(order),
        ..Default::default()
    };
    let ended = session
        .call(bound, request, |temporal, request| temporal.terminate_workflow_execution(request))
        .await;
    match ended {
        Ok(_) => Ok(()),
        // To Temporal, a closed run is as little there as one that never was; to us it is not.
        Err(error @ EngineError::NoSuchWorkflow { .. }) => {
            open(session, bound).await?;
            Err(error.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Refuses runs that have ended.
async fn open(session: &Session<'_>, bound: Duration) -> Result<(), StopError> {
    let seen = describe::outline(session, session.execution(), bound).await?;
    if seen.state == WorkflowState::Running {
        return Ok(());
    }
    Err(StopError::AlreadyClosed {
        workflow_id: session.run().workflow_id.clone(),
        run_id: seen.run_id,
        state: seen.state,
    })
}

fn identity(order: &StopOrder) -> String {
    if order.identity.is_empty() { "bridge".to_owned() } else { order.identity.clone() }
}
