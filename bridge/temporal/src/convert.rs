//! Converts Temporal's values to the bridge's.

use prost_wkt_types::Timestamp;
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;
use workflow_api::WorkflowState;

/// Returns the state of a run; `None` if Temporal gives none.
pub(crate) fn state(status: WorkflowExecutionStatus) -> Option<WorkflowState> {
    Some(match status {
        WorkflowExecutionStatus::Unspecified => return None,
        // A paused run is open: it has not ended, and continues when it is unpaused.
        WorkflowExecutionStatus::Running | WorkflowExecutionStatus::Paused => WorkflowState::Running,
        WorkflowExecutionStatus::Completed => WorkflowState::Completed,
        WorkflowExecutionStatus::Failed => WorkflowState::Failed,
        WorkflowExecutionStatus::Canceled => WorkflowState::Canceled,
        WorkflowExecutionStatus::Terminated => WorkflowState::Terminated,
        WorkflowExecutionStatus::ContinuedAsNew => WorkflowState::ContinuedAsNew,
        WorkflowExecutionStatus::TimedOut => WorkflowState::TimedOut,
    })
}

/// Returns a time of Temporal's; `None` if it is beyond the calendar.
pub(crate) fn timestamp(time: Timestamp) -> Option<jiff::Timestamp> {
    jiff::Timestamp::new(time.seconds, time.nanos).ok()
}
