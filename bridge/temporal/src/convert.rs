//! Converts Temporal's values to the bridge's.

use prost_wkt_types::Timestamp;
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;
use workflow_api::WorkflowState;

/// Returns the state of a run, from its number in Temporal's API; `None` if Temporal gives none.
pub(crate) fn state(status: i32) -> Option<WorkflowState> {
    let Ok(known) = WorkflowExecutionStatus::try_from(status) else {
        return Some(WorkflowState::Other(status));
    };
    Some(match known {
        WorkflowExecutionStatus::Unspecified => return None,
        WorkflowExecutionStatus::Running => WorkflowState::Running,
        WorkflowExecutionStatus::Paused => WorkflowState::Paused,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_state_is_its_number_and_no_end() {
        let unknown = state(42).unwrap();
        assert!(!unknown.is_closed());
        assert_eq!(
            (unknown.to_string(), serde_json::to_string(&unknown).unwrap()),
            ("42".into(), "42".into())
        );
        assert_eq!(state(0), None);
        assert_eq!(state(8), Some(WorkflowState::Paused));
    }
}
