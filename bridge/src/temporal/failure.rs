//! How a run ended, read from the event that closed it.

use temporalio_common::protos::temporal::api::enums::v1::TimeoutType;
use temporalio_common::protos::temporal::api::failure::v1::Failure;
use temporalio_common::protos::temporal::api::failure::v1::failure::FailureInfo;
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use workflow_api::{RunId, WorkflowFailure, WorkflowState};

use super::{Closed, payload};

/// What a closing event says.
#[derive(Debug)]
pub(super) enum Ending {
    /// The run ended for good.
    Final(Closed),
    /// The run ended, and another goes on: it continued as new, is retried by its policy, or was due again by its cron schedule.
    Next(RunId),
}

/// Reads the event that closed `run_id`. None if it is no such event.
pub(super) fn ending(event: HistoryEvent, run_id: &RunId) -> Option<Ending> {
    let closed = |state, result, failure| Closed { run_id: run_id.clone(), state, result, failure };
    let (next, closed) = match event.attributes? {
        Attributes::WorkflowExecutionCompletedEventAttributes(event) => (
            event.new_execution_run_id,
            closed(WorkflowState::Completed, Some(payload::to_json(event.result.as_ref())), None),
        ),
        Attributes::WorkflowExecutionFailedEventAttributes(event) => {
            (event.new_execution_run_id, closed(WorkflowState::Failed, None, event.failure.map(chain)))
        }
        Attributes::WorkflowExecutionTimedOutEventAttributes(event) => (
            event.new_execution_run_id,
            closed(WorkflowState::TimedOut, None, Some(plain("WorkflowTimeout", TIMED_OUT))),
        ),
        // The reason is with the request, not with the end: `cancel_reason` has it.
        Attributes::WorkflowExecutionCanceledEventAttributes(_) => {
            (String::new(), closed(WorkflowState::Canceled, None, Some(canceled(""))))
        }
        Attributes::WorkflowExecutionTerminatedEventAttributes(event) => (
            String::new(),
            closed(
                WorkflowState::Terminated,
                None,
                Some(plain("TerminatedFailure", or(&event.reason, TERMINATED))),
            ),
        ),
        Attributes::WorkflowExecutionContinuedAsNewEventAttributes(event) => {
            return Some(Ending::Next(event.new_execution_run_id.into()));
        }
        _ => return None,
    };
    Some(if next.is_empty() { Ending::Final(closed) } else { Ending::Next(next.into()) })
}

/// The failure of a cancelled run.
pub(super) fn canceled(reason: &str) -> WorkflowFailure {
    plain("CanceledFailure", or(reason, CANCELED))
}

/// Why somebody asked the run to end, if this event is that request.
pub(super) fn cancel_reason(event: &HistoryEvent) -> Option<&str> {
    match event.attributes.as_ref()? {
        Attributes::WorkflowExecutionCancelRequestedEventAttributes(event) => Some(&event.cause),
        _ => None,
    }
}

const TIMED_OUT: &str = "the workflow exceeded its run or execution timeout";
const CANCELED: &str = "the workflow was cancelled; no reason was given";
const TERMINATED: &str = "the workflow was terminated; no reason was given";

fn or<'a>(text: &'a str, fallback: &'a str) -> &'a str {
    if text.is_empty() { fallback } else { text }
}

fn plain(kind: &str, message: &str) -> WorkflowFailure {
    WorkflowFailure { message: message.to_owned(), kind: kind.to_owned(), ..WorkflowFailure::default() }
}

/// A failure and everything that caused it.
fn chain(failure: Failure) -> WorkflowFailure {
    let activity = match &failure.failure_info {
        Some(FailureInfo::ActivityFailureInfo(info)) => {
            info.activity_type.as_ref().map(|activity| activity.name.clone())
        }
        _ => None,
    };
    WorkflowFailure {
        kind: failure.failure_info.as_ref().map_or_else(String::new, kind),
        message: failure.message,
        activity,
        cause: failure.cause.map(|cause| Box::new(chain(*cause))),
    }
}

/// The type that user code gave its failure; else Temporal's word for it.
fn kind(info: &FailureInfo) -> String {
    let word = match info {
        FailureInfo::ApplicationFailureInfo(info) => or(&info.r#type, "ApplicationFailure"),
        FailureInfo::NexusHandlerFailureInfo(info) => or(&info.r#type, "NexusHandlerFailure"),
        FailureInfo::TimeoutFailureInfo(info) => match info.timeout_type() {
            TimeoutType::Unspecified => "TimeoutFailure",
            TimeoutType::StartToClose => "StartToCloseTimeout",
            TimeoutType::ScheduleToStart => "ScheduleToStartTimeout",
            TimeoutType::ScheduleToClose => "ScheduleToCloseTimeout",
            TimeoutType::Heartbeat => "HeartbeatTimeout",
        },
        FailureInfo::CanceledFailureInfo(_) => "CanceledFailure",
        FailureInfo::TerminatedFailureInfo(_) => "TerminatedFailure",
        FailureInfo::ServerFailureInfo(_) => "ServerFailure",
        FailureInfo::ResetWorkflowFailureInfo(_) => "ResetWorkflowFailure",
        FailureInfo::ActivityFailureInfo(_) => "ActivityFailure",
        FailureInfo::ChildWorkflowExecutionFailureInfo(_) => "ChildWorkflowFailure",
        FailureInfo::NexusOperationExecutionFailureInfo(_) => "NexusOperationFailure",
    };
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use temporalio_common::protos::temporal::api::common::v1::ActivityType;
    use temporalio_common::protos::temporal::api::failure::v1::{
        ActivityFailureInfo, ApplicationFailureInfo, TimeoutFailureInfo,
    };
    use temporalio_common::protos::temporal::api::history::v1::{
        WorkflowExecutionCompletedEventAttributes, WorkflowExecutionFailedEventAttributes,
        WorkflowExecutionSignaledEventAttributes, WorkflowExecutionTimedOutEventAttributes,
    };

    use super::*;

    fn event(attributes: impl Into<Attributes>) -> HistoryEvent {
        HistoryEvent { attributes: Some(attributes.into()), ..HistoryEvent::default() }
    }

    #[test]
    fn a_run_that_is_retried_or_due_again_goes_on_in_the_next() {
        let next = || "next".to_owned();
        for event in [
            event(WorkflowExecutionFailedEventAttributes {
                new_execution_run_id: next(),
                ..Default::default()
            }),
            event(WorkflowExecutionTimedOutEventAttributes {
                new_execution_run_id: next(),
                ..Default::default()
            }),
            event(WorkflowExecutionCompletedEventAttributes {
                new_execution_run_id: next(),
                ..Default::default()
            }),
        ] {
            let ending = ending(event, &"this".into());
            assert!(matches!(&ending, Some(Ending::Next(run_id)) if run_id.as_str() == "next"), "{ending:?}");
        }
    }

    #[test]
    fn an_event_that_closes_nothing_is_no_ending() {
        assert!(ending(event(WorkflowExecutionSignaledEventAttributes::default()), &"this".into()).is_none());
        assert!(ending(HistoryEvent::default(), &"this".into()).is_none());
    }

    #[test]
    fn the_chain_names_activity_types_and_timeouts() {
        let timeout =
            TimeoutFailureInfo { timeout_type: TimeoutType::StartToClose.into(), ..Default::default() };
        let failure = Failure {
            message: "activity error".to_owned(),
            failure_info: Some(FailureInfo::ActivityFailureInfo(ActivityFailureInfo {
                activity_type: Some(ActivityType { name: "DoDigUpdate".to_owned() }),
                ..Default::default()
            })),
            cause: Some(Box::new(Failure {
                message: "activity StartToClose timeout".to_owned(),
                failure_info: Some(FailureInfo::TimeoutFailureInfo(timeout)),
                cause: Some(Box::new(Failure {
                    message: "no answer".to_owned(),
                    failure_info: Some(
                        FailureInfo::ApplicationFailureInfo(ApplicationFailureInfo::default()),
                    ),
                    ..Default::default()
                })),
                ..Default::default()
            })),
            ..Default::default()
        };
        let first = chain(failure);
        assert_eq!(
            (first.kind.as_str(), first.activity.as_deref()),
            ("ActivityFailure", Some("DoDigUpdate"))
        );
        let second = first.cause.unwrap();
        assert_eq!((second.kind.as_str(), &second.activity), ("StartToCloseTimeout", &None));
        let third = second.cause.unwrap();
        assert_eq!((third.kind.as_str(), third.message.as_str()), ("ApplicationFailure", "no answer"));
        assert_eq!(third.cause, None);
    }
}
