//! Starts workflows with Temporal's gRPC interface.
//!
//! The start method of the SDK makes a new request ID for each call, so that a repeat after a lost response would start
//! twice. It also does not distinguish a new run from one that was running. Therefore this module sends the plain
//! request.

use async_trait::async_trait;
use temporal::{FaultKind, Method, TemporalConnection, TemporalFault};
use temporalio_common::protos::temporal::api::errordetails::v1::WorkflowExecutionAlreadyStartedFailure;
use temporalio_common::protos::temporal::api::workflowservice::v1::StartWorkflowExecutionRequest;
use temporalio_common::protos::utilities::decode_status_detail;
use tokio::time::Instant;
use workflow_api::{IdReusePolicy, Started};

use self::request::start_workflow_execution;
use crate::{IdConflictPolicy, StartError, StartRequest, Starter, WorkflowStart};

mod chain;
mod request;

/// Starts workflows in one namespace of one Temporal server.
#[derive(Debug, Clone)]
pub struct TemporalStarter {
    connection: TemporalConnection,
}

impl TemporalStarter {
    /// Creates a starter that uses this connection.
    #[must_use]
    pub fn new(connection: TemporalConnection) -> Self {
        Self { connection }
    }
}

/// Returns the request for `start`.
pub(crate) fn start_call(start: WorkflowStart) -> StartWorkflowExecutionRequest {
    let request = StartRequest {
        start,
        request_id: String::new(),
        id_is_of_key: false,
        caller: None,
        deadline: Instant::now(),
    };
    start_workflow_execution(request, "default".to_owned(), String::new())
}

#[async_trait]
impl Starter for TemporalStarter {
    async fn start(&self, request: StartRequest) -> Result<Started, StartError> {
        let StartRequest { id_is_of_key, deadline, .. } = request;
        let workflow_id = request.start.options().id.clone();
        let request_id = request.request_id.clone();
        let result = self.ask_to_start(request).await;
        match &result {
            Ok(Started { already_running: true, .. }) | Err(StartError::IdUsed { .. }) if id_is_of_key => {
                let first = chain::first_run(&self.connection, &workflow_id, &request_id, deadline).await;
                first
                    .map_err(start_error)?
                    .map_or(result, |run_id| Ok(Started { workflow_id, run_id, already_running: false }))
            }
            _ => result,
        }
    }
}

impl TemporalStarter {
    async fn ask_to_start(&self, request: StartRequest) -> Result<Started, StartError> {
        let start = &request.start;
        let workflow_id = start.options().id.clone();
        let fails_on_running = start.id_conflict_policy() == Some(IdConflictPolicy::Fail);
        let reuse = start.options().workflow_id_reuse_policy;
        let left = request.deadline.saturating_duration_since(Instant::now());
        let ours = self.connection.identity();
        let identity = request.caller.as_ref().map_or_else(|| ours.to_owned(), |caller| caller.via(ours));
        let call =
            start_workflow_execution(request, self.connection.target().namespace().to_owned(), identity);
        let answer = self.connection.ask(StartWorkflowExecutionRequest::NAME, left, call).await;
        match answer {
            Ok(answer) => {
                Ok(Started { workflow_id, run_id: answer.run_id.into(), already_running: !answer.started })
            }
            Err(fault) => {
                let running = fails_on_running && is_running(&fault, reuse);
                match start_error(fault) {
                    StartError::IdUsed { run_id: Some(run_id) } if running => {
                        Ok(Started { workflow_id, run_id, already_running: true })
                    }
                    error => Err(error),
                }
            }
        }
    }
}

/// Whether the workflow ID belongs to a running workflow. Under `Fail`, Temporal has the same error for running and for
/// used IDs. If the reuse policy does not decide it, only the text differs.
fn is_running(fault: &TemporalFault, reuse: IdReusePolicy) -> bool {
    matches!(reuse, IdReusePolicy::Unspecified | IdReusePolicy::AllowDuplicate)
        || fault.status().is_some_and(|status| status.message().contains("already running"))
}

fn start_error(fault: TemporalFault) -> StartError {
    match fault.kind() {
        // A running ID leads here only if the author's function sets that conflict policy.
        FaultKind::AlreadyExists => {
            let details = fault.status().map(|status| status.details()).unwrap_or_default();
            let detail = decode_status_detail::<WorkflowExecutionAlreadyStartedFailure>(details);
            StartError::IdUsed { run_id: detail.map(|detail| detail.run_id.into()) }
        }
        FaultKind::DeadlineExceeded => StartError::TimedOut,
        _ => StartError::Temporal(fault),
    }
}
