//! The end of a run, read from the event that closed it.

use std::collections::{HashMap, HashSet};

use bridge_core::ports::Closed;
use temporalio_common::protos::temporal::api::enums::v1::TimeoutType;
use temporalio_common::protos::temporal::api::failure::v1::Failure;
use temporalio_common::protos::temporal::api::failure::v1::failure::FailureInfo;
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use workflow_api::{RunId, WorkflowFailure, WorkflowState};

use crate::payload;

/// The content of a closing event.
#[derive(Debug, Clone)]
pub(crate) enum Ending {
    /// The run ended, and no other run continues it.
    Final(Closed),
    /// The run ended, and another run continues it: it continued as new, is retried by its policy, or was due
    /// again by its cron schedule.
    Next {
        /// The state of the closed run.
        state: WorkflowState,
        /// The run that continues it.
        run_id: RunId,
    },
}

/// Reads the event that closed `run_id`. Returns `None` if it is not a closing event.
pub(crate) fn ending(event: HistoryEvent, run_id: &RunId, background: &Background) -> Option<Ending> {
    let (state, next) = (state(&event)?, successor(&event));
    let (result, failure) = match event.attributes? {
        Attributes::WorkflowExecutionCompletedEventAttributes(event) => {
            (Some(payload::to_json(event.result.as_ref())), None)
        }
        Attributes::WorkflowExecutionFailedEventAttributes(event) => {
            (None, event.failure.map(|failure| chain(failure, &background.attempts)))
        }
        Attributes::WorkflowExecutionTimedOutEventAttributes(_) => {
            (None, Some(plain("WorkflowTimeout", TIMED_OUT)))
        }
        Attributes::WorkflowExecutionCanceledEventAttributes(_) => {
            (None, Some(plain("CanceledFailure", or(&background.cancel_reason, CANCELED))))
        }
        Attributes::WorkflowExecutionTerminatedEventAttributes(event) => {
            (None, Some(plain("TerminatedFailure", or(&event.reason, TERMINATED))))
        }
        _ => (None, None),
    };
    Some(match next {
        Some(run_id) => Ending::Next { state, run_id },
        None => Ending::Final(Closed { run_id: run_id.clone(), state, result, failure }),
    })
}

/// Returns the state of the run that this event closed; `None` if it is not a closing event.
pub(crate) fn state(event: &HistoryEvent) -> Option<WorkflowState> {
    Some(match event.attributes.as_ref()? {
        Attributes::WorkflowExecutionCompletedEventAttributes(_) => WorkflowState::Completed,
        Attributes::WorkflowExecutionFailedEventAttributes(_) => WorkflowState::Failed,
        Attributes::WorkflowExecutionTimedOutEventAttributes(_) => WorkflowState::TimedOut,
        Attributes::WorkflowExecutionCanceledEventAttributes(_) => WorkflowState::Canceled,
        Attributes::WorkflowExecutionTerminatedEventAttributes(_) => WorkflowState::Terminated,
        Attributes::WorkflowExecutionContinuedAsNewEventAttributes(_) => WorkflowState::ContinuedAsNew,
        _ => return None,
    })
}

/// Returns whether this event paused its run, or let it continue.
pub(crate) fn pauses(event: &HistoryEvent) -> bool {
    matches!(
        event.attributes,
        Some(
            Attributes::WorkflowExecutionPausedEventAttributes(_)
                | Attributes::WorkflowExecutionUnpausedEventAttributes(_)
        )
    )
}

/// Returns the run that continues the one that this event closed.
fn successor(event: &HistoryEvent) -> Option<RunId> {
    let next = match event.attributes.as_ref()? {
        Attributes::WorkflowExecutionCompletedEventAttributes(event) => &event.new_execution_run_id,
        Attributes::WorkflowExecutionFailedEventAttributes(event) => &event.new_execution_run_id,
        Attributes::WorkflowExecutionTimedOutEventAttributes(event) => &event.new_execution_run_id,
        Attributes::WorkflowExecutionContinuedAsNewEventAttributes(event) => &event.new_execution_run_id,
        _ => return None,
    };
    (!next.is_empty()).then(|| next.as_str().into())
}

/// Data that a closing event takes from earlier events of its run: why it was cancelled, and the attempts of
/// failed activities.
#[derive(Debug, Default)]
pub(crate) struct Background {
    cancel_reason: String,
    attempts: HashMap<i64, i32>,
    wants_reason: bool,
    wants_attempts: HashSet<i64>,
}

impl Background {
    /// Returns the data that this closing event lacks.
    pub(crate) fn of(event: &HistoryEvent) -> Self {
        let mut background = Self::default();
        if successor(event).is_some() {
            return background;
        }
        match &event.attributes {
            Some(Attributes::WorkflowExecutionCanceledEventAttributes(_)) => background.wants_reason = true,
            Some(Attributes::WorkflowExecutionFailedEventAttributes(event)) => {
                let mut next = event.failure.as_ref();
                while let Some(failure) = next {
                    background.wants_attempts.extend(activity_start(failure));
                    next = failure.cause.as_deref();
                }
            }
            _ => {}
        }
        background
    }

    /// Returns whether nothing is missing.
    pub(crate) fn is_complete(&self) -> bool {
        !self.wants_reason && self.wants_attempts.is_empty()
    }

    /// Adds the data of this event.
    pub(crate) fn read(&mut self, event: &HistoryEvent) {
        match &event.attributes {
            Some(Attributes::WorkflowExecutionCancelRequestedEventAttributes(request))
                if self.wants_reason =>
            {
                self.wants_reason = false;
                self.cancel_reason.clone_from(&request.cause);
            }
            Some(Attributes::ActivityTaskStartedEventAttributes(started))
                if self.wants_attempts.remove(&event.event_id) =>
            {
                self.attempts.insert(event.event_id, started.attempt);
            }
            _ => {}
        }
    }
}

/// Returns the ID of the event that started the failed activity.
fn activity_start(failure: &Failure) -> Option<i64> {
    match failure.failure_info.as_ref()? {
        FailureInfo::ActivityFailureInfo(info) if info.started_event_id > 0 => Some(info.started_event_id),
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

/// Converts a failure and all its causes, without the history that it belongs to.
pub(crate) fn alone(failure: Failure) -> WorkflowFailure {
    chain(failure, &HashMap::new())
}

/// Returns why a workflow task fails again and again, from the newest events, which come newest first.
pub(crate) fn of_task(events: Vec<HistoryEvent>) -> Option<WorkflowFailure> {
    events.into_iter().find_map(|event| match event.attributes {
        Some(Attributes::WorkflowTaskFailedEventAttributes(failed)) => {
            let cause =
                failed.cause().as_str_name().trim_start_matches("WORKFLOW_TASK_FAILED_CAUSE_").to_owned();
            Some(match failed.failure {
                Some(failure) => WorkflowFailure { kind: cause, ..alone(failure) },
                None => plain(&cause, "the workflow task failed"),
            })
        }
        Some(Attributes::WorkflowTaskTimedOutEventAttributes(_)) => {
            Some(plain("WorkflowTaskTimeout", "no worker completed the workflow task in time"))
        }
        _ => None,
    })
}

/// Returns why the run failed that this one continues, from its first event.
pub(crate) fn before(events: Vec<HistoryEvent>) -> Option<WorkflowFailure> {
    match events.into_iter().next()?.attributes? {
        Attributes::WorkflowExecutionStartedEventAttributes(started) => started.continued_failure.map(alone),
        _ => None,
    }
}

/// Converts a failure and all its causes.
fn chain(failure: Failure, attempts: &HashMap<i64, i32>) -> WorkflowFailure {
    let attempt = activity_start(&failure).and_then(|started| attempts.get(&started).copied());
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
        attempt,
        stack_trace: failure.stack_trace,
        cause: failure.cause.map(|cause| Box::new(chain(*cause, attempts))),
    }
}

/// Returns the type that user code gave its failure, else Temporal's name for it.
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
        ActivityTaskStartedEventAttributes, WorkflowExecutionCompletedEventAttributes,
        WorkflowExecutionFailedEventAttributes, WorkflowExecutionSignaledEventAttributes,
        WorkflowExecutionTimedOutEventAttributes,
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
            let ending = ending(event, &"this".into(), &Background::default());
            assert!(
                matches!(&ending, Some(Ending::Next { run_id, .. }) if run_id.as_str() == "next"),
                "{ending:?}"
            );
        }
    }

    #[test]
    fn an_event_that_closes_nothing_is_no_ending() {
        for event in [event(WorkflowExecutionSignaledEventAttributes::default()), HistoryEvent::default()] {
            assert!(ending(event, &"this".into(), &Background::default()).is_none());
        }
    }

    #[test]
    fn the_chain_names_activity_types_and_timeouts() {
        let timeout =
            TimeoutFailureInfo { timeout_type: TimeoutType::StartToClose.into(), ..Default::default() };
        let failure = Failure {
            message: "activity error".to_owned(),
            stack_trace: "at migrate".to_owned(),
            failure_info: Some(FailureInfo::ActivityFailureInfo(ActivityFailureInfo {
                activity_type: Some(ActivityType { name: "DoDigUpdate".to_owned() }),
                started_event_id: 6,
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
        let failed = WorkflowExecutionFailedEventAttributes { failure: Some(failure), ..Default::default() };
        let closing = event(failed);
        let mut background = Background::of(&closing);
        for (event_id, attempt) in [(5, 1), (6, 3)] {
            assert!(!background.is_complete());
            let started = ActivityTaskStartedEventAttributes { attempt, ..Default::default() };
            background.read(&HistoryEvent { event_id, ..event(started) });
        }
        assert!(background.is_complete());
        let Some(Ending::Final(closed)) = ending(closing, &"this".into(), &background) else { panic!() };
        let first = closed.failure.unwrap();
        assert_eq!(
            (first.kind.as_str(), first.activity.as_deref(), first.attempt, first.stack_trace.as_str()),
            ("ActivityFailure", Some("DoDigUpdate"), Some(3), "at migrate")
        );
        assert_eq!(first.clone().without_stack_traces().stack_trace, "");
        let second = first.cause.unwrap();
        assert_eq!((second.kind.as_str(), &second.activity), ("StartToCloseTimeout", &None));
        let third = second.cause.unwrap();
        assert_eq!((third.kind.as_str(), third.message.as_str()), ("ApplicationFailure", "no answer"));
        assert_eq!(third.cause, None);
    }
}
