//! Starts over Temporal's gRPC interface.
//!
//! The SDK's own start makes up a new request ID for each call, so that a repeat after a lost answer would start twice;
//! nor does it tell a new run from one that was running. Hence the plain request.

use async_trait::async_trait;
use service::temporal::{FaultKind, TemporalConnection, TemporalFault};
use temporalio_client::NamespacedClient;
use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::errordetails::v1::WorkflowExecutionAlreadyStartedFailure;
use temporalio_common::protos::utilities::decode_status_detail;
use tokio::time::Instant;
use workflow_api::Started;

use self::request::start_workflow_execution;
use crate::{StartError, StartRequest, Starter};

mod request;

/// Starts workflows in one namespace of one Temporal server.
#[derive(Debug, Clone)]
pub struct TemporalStarter {
    connection: TemporalConnection,
}

impl TemporalStarter {
    /// Starts over this connection.
    #[must_use]
    pub fn new(connection: TemporalConnection) -> Self {
        Self { connection }
    }
}

#[async_trait]
impl Starter for TemporalStarter {
    async fn start(&self, request: StartRequest) -> Result<Started, StartError> {
        let workflow_id = request.start.options().id.clone();
        let left = request.deadline.saturating_duration_since(Instant::now());
        let answer = self
            .connection
            .call("StartWorkflowExecution", left, async |client| {
                let call = start_workflow_execution(request, client.namespace(), client.identity());
                client.connection().workflow_service().start_workflow_execution(call.into_request()).await
            })
            .await
            .map_err(start_error)?
            .into_inner();
        Ok(Started { workflow_id, run_id: answer.run_id.into(), already_running: !answer.started })
    }
}

fn start_error(fault: TemporalFault) -> StartError {
    match fault.kind() {
        // A running ID is no fault here: the request asks for the run that exists.
        FaultKind::AlreadyExists => {
            let details = fault.status().map(|status| status.details()).unwrap_or_default();
            let detail = decode_status_detail::<WorkflowExecutionAlreadyStartedFailure>(details);
            StartError::IdUsed { run_id: detail.map(|detail| detail.run_id.into()) }
        }
        FaultKind::DeadlineExceeded => StartError::TimedOut,
        _ => StartError::Temporal(fault),
    }
}
