//! Sends signals. Temporal delivers them whether or not the workflow has a handler.

use std::time::Duration;

use bridge_core::ports::{CommandError, Signal};
use temporal::trace_header;
use temporalio_common::protos::temporal::api::workflowservice::v1::SignalWorkflowExecutionRequest;

use crate::rpc::Session;
use crate::{command, payload};

/// Sends a signal.
pub(crate) async fn signal(
    session: &Session<'_>,
    signal: &Signal,
    bound: Duration,
) -> Result<(), CommandError> {
    let request = SignalWorkflowExecutionRequest {
        header: trace_header(),
        namespace: session.namespace(),
        workflow_execution: session.execution(),
        signal_name: signal.name.clone(),
        input: payload::from_json(&signal.args),
        identity: signal.identity.clone(),
        request_id: signal.request_id.clone(),
        ..Default::default()
    };
    let sent = session.call(bound, request).await;
    command::taken(session, sent, bound).await?;
    Ok(())
}
