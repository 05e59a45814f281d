//! The end of a run in its status.

use workflow_api::{WorkflowState, WorkflowStatus};

use crate::ports::Closed;

/// Writes how a run closed into its status.
pub(super) fn write_end(status: &mut WorkflowStatus, closed: Closed, stack_trace: bool) {
    status.run_id = closed.run_id;
    status.workflow_state = Some(closed.state);
    status.workflow_result = (closed.state == WorkflowState::Completed)
        .then(|| closed.result.unwrap_or_else(|| serde_json::Value::Null.into()));
    status.workflow_failure =
        closed.failure.map(|failure| if stack_trace { failure } else { failure.without_stack_traces() });
}
