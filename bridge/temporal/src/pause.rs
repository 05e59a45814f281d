//! Pauses a run, or lets it continue.

use std::time::Duration;

use bridge_core::ports::{PauseError, PauseOrder};
use temporal::{FaultKind, TemporalFault};
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    PauseWorkflowExecutionRequest, UnpauseWorkflowExecutionRequest,
};
use workflow_api::WorkflowState;

use crate::rpc::Session;
use crate::servers::place;
use crate::{command, describe};

/// Pauses the run.
pub(crate) async fn pause(
    session: &Session<'_>,
    order: &PauseOrder,
    bound: Duration,
) -> Result<(), PauseError> {
    let request = PauseWorkflowExecutionRequest {
        namespace: session.namespace(),
        workflow_id: session.run().workflow_id.as_str().to_owned(),
        run_id: session.run().run_id.as_str().to_owned(),
        identity: order.identity.clone(),
        reason: order.reason.clone(),
        request_id: uuid::Uuid::new_v4().to_string(),
    };
    done(session, session.try_call(bound, request).await, bound, WorkflowState::Paused).await
}

/// Lets the run continue.
pub(crate) async fn unpause(
    session: &Session<'_>,
    order: &PauseOrder,
    bound: Duration,
) -> Result<(), PauseError> {
    let request = UnpauseWorkflowExecutionRequest {
        namespace: session.namespace(),
        workflow_id: session.run().workflow_id.as_str().to_owned(),
        run_id: session.run().run_id.as_str().to_owned(),
        identity: order.identity.clone(),
        reason: order.reason.clone(),
        request_id: uuid::Uuid::new_v4().to_string(),
    };
    done(session, session.try_call(bound, request).await, bound, WorkflowState::Running).await
}

/// Returns the result of a call. A refused one succeeded if the run is in the wanted state already, so that a
/// call can be repeated.
async fn done<T>(
    session: &Session<'_>,
    answer: Result<T, TemporalFault>,
    bound: Duration,
    wanted: WorkflowState,
) -> Result<(), PauseError> {
    let Err(fault) = answer else { return Ok(()) };
    match fault.kind() {
        FaultKind::Unimplemented => Err(PauseError::Unsupported {
            engine: place(&session.run().target),
            message: fault.status().map_or_else(|| fault.to_string(), |status| status.message().to_owned()),
        }),
        FaultKind::FailedPrecondition => {
            let seen = describe::outline(session, session.execution(), bound).await?;
            if seen.state == wanted { Ok(()) } else { Err(session.error(fault, bound).into()) }
        }
        _ => Ok(command::taken(session, Err(session.error(fault, bound)), bound).await?),
    }
}
