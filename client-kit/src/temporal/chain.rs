//! The first run of a workflow that has continued as new, was retried or was reset: its later runs do not have the
//! request ID of the start.

use temporal::{FaultKind, Method, TemporalConnection, TemporalFault};
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse,
};
use tokio::time::Instant;
use workflow_api::{RunId, WorkflowId};

/// Returns the first run of the workflow, if it is not the latest one, and was started by this request.
///
/// # Errors
/// When Temporal does not describe them.
pub(super) async fn first_run(
    connection: &TemporalConnection,
    workflow_id: &WorkflowId,
    request_id: &str,
    deadline: Instant,
) -> Result<Option<RunId>, TemporalFault> {
    let describe = async |run_id: String| {
        let left = deadline.saturating_duration_since(Instant::now());
        let execution = WorkflowExecution { workflow_id: workflow_id.as_str().to_owned(), run_id };
        let namespace = connection.target().namespace().to_owned();
        let request = DescribeWorkflowExecutionRequest { namespace, execution: Some(execution) };
        connection.ask(DescribeWorkflowExecutionRequest::NAME, left, request).await
    };
    let latest = describe(String::new()).await?.workflow_execution_info.unwrap_or_default();
    let first = latest.first_run_id;
    if first.is_empty() || latest.execution.is_some_and(|latest| latest.run_id == first) {
        return Ok(None);
    }
    match describe(first.clone()).await {
        Ok(described) => Ok(was_started_by(described, request_id).then(|| first.into())),
        Err(fault) if fault.kind() == FaultKind::NotFound => Ok(Some(first.into())),
        Err(fault) => Err(fault),
    }
}

/// Whether the run has this request ID. A server that does not report them knows no other start of this workflow ID.
fn was_started_by(described: DescribeWorkflowExecutionResponse, request_id: &str) -> bool {
    let requests = described.workflow_extended_info.unwrap_or_default().request_id_infos;
    requests.is_empty() || requests.contains_key(request_id)
}
