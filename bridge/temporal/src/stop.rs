//! Cancels or terminates a run.

use std::time::Duration;

use bridge_core::ports::{CommandError, StopOrder};
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    RequestCancelWorkflowExecutionRequest, TerminateWorkflowExecutionRequest,
};
use workflow_api::RawJson;

use crate::rpc::Session;
use crate::{command, payload};

/// Cancels the run.
pub(crate) async fn cancel(
    session: &Session<'_>,
    order: &StopOrder,
    bound: Duration,
) -> Result<(), CommandError> {
    // Checked first, because Temporal accepts the request for a closed run without an error.
    command::open(session, bound).await?;
    let request = RequestCancelWorkflowExecutionRequest {
        namespace: session.namespace(),
        workflow_execution: session.execution(),
        identity: identity(order),
        // Temporal requires an ID.
        request_id: uuid::Uuid::new_v4().to_string(),
        reason: order.reason.clone(),
        ..Default::default()
    };
    session.call(bound, request).await?;
    Ok(())
}

/// Terminates the run.
pub(crate) async fn terminate(
    session: &Session<'_>,
    order: &StopOrder,
    details: Option<&RawJson>,
    bound: Duration,
) -> Result<(), CommandError> {
    let request = TerminateWorkflowExecutionRequest {
        namespace: session.namespace(),
        workflow_execution: session.execution(),
        reason: order.reason.clone(),
        details: payload::from_json(details),
        identity: identity(order),
        first_execution_run_id: order.first_run_id.as_str().to_owned(),
        ..Default::default()
    };
    let ended = session.call(bound, request).await;
    command::taken(session, ended, bound).await?;
    Ok(())
}

fn identity(order: &StopOrder) -> String {
    if order.identity.is_empty() { "bridge".to_owned() } else { order.identity.clone() }
}
