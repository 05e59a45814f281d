//! What failures say, and what they mean for a workflow.

use temporalio_common::data_converters::{
    DefaultFailureConverter, FailureConverter, PayloadConverter, SerializationContextData,
};
use temporalio_common::error::{
    ActivityExecutionError, ApplicationFailure, IncomingError, OutgoingError, OutgoingWorkflowError,
};
use temporalio_sdk::{WorkflowContext, WorkflowTermination};

use crate::input::cut;

/// How many bytes of a failure's text are told again.
const MOST_BYTES: usize = 2048;

/// What an activity's failure means for the workflow.
pub(crate) fn of_activity(activity: &str, error: ActivityExecutionError) -> WorkflowTermination {
    match error {
        // Left to the SDK, both would be retried: the first by the workflow's retry policy, which does not look behind the
        // activity's failure; the second as a workflow task, for ever.
        ActivityExecutionError::Failed(failure) => match failure.cause() {
            Some(IncomingError::Application(cause)) if cause.is_non_retryable() => {
                let kind = cause.type_name().unwrap_or_default().to_owned();
                let message = format!("{activity} failed: {}", cause.source_error());
                ApplicationFailure::builder(message)
                    .type_name(kind)
                    .non_retryable(true)
                    .cause(Box::new(IncomingError::Activity(failure)))
                    .build()
                    .into()
            }
            _ => ActivityExecutionError::Failed(failure).into(),
        },
        ActivityExecutionError::Serialization(error) => {
            let message = format!("{activity} and its worker do not speak of the same types: {error}");
            ApplicationFailure::builder(message)
                .type_name("PayloadMismatch".to_owned())
                .non_retryable(true)
                .build()
                .into()
        }
        cancelled => cancelled.into(),
    }
}

/// Whether the workflow ends because it was cancelled.
pub(crate) fn is_cancellation<W>(reason: &WorkflowTermination, ctx: &WorkflowContext<W>) -> bool {
    match reason {
        WorkflowTermination::Cancelled { .. } => true,
        WorkflowTermination::Failed(error) => {
            ctx.cancellation_token().is_cancelled() && error.as_cancelled().is_some()
        }
        WorkflowTermination::Evicted | WorkflowTermination::ContinueAsNew(_) => false,
    }
}

/// What went wrong, in one sentence.
pub(crate) fn told(reason: &WorkflowTermination) -> String {
    let mut text = match reason {
        WorkflowTermination::Failed(OutgoingWorkflowError::Application(failure)) => {
            failure.source_error().to_string()
        }
        WorkflowTermination::Failed(OutgoingWorkflowError::ActivityExecution(error)) => match &**error {
            ActivityExecutionError::Failed(failure) => {
                activity_told(failure.activity_type(), failure.cause())
            }
            ActivityExecutionError::Cancelled(_) => "cancelled".to_owned(),
            other => other.to_string(),
        },
        WorkflowTermination::Cancelled { .. } => "cancelled".to_owned(),
        other => other.to_string(),
    };
    cut(&mut text, MOST_BYTES);
    text
}

fn activity_told(activity: Option<&str>, cause: Option<&IncomingError>) -> String {
    let activity = activity.unwrap_or("an activity");
    match cause {
        Some(IncomingError::Timeout(timeout)) => {
            let kind = timeout.timeout_type();
            let last = timeout.cause().map(|last| format!("; before that: {}", incoming_told(last)));
            format!("{activity} timed out ({kind:?}){}", last.unwrap_or_default())
        }
        Some(cause) => format!("{activity} failed: {}", incoming_told(cause)),
        None => format!("{activity} failed"),
    }
}

fn incoming_told(error: &IncomingError) -> String {
    match error {
        IncomingError::Application(failure) => failure.source_error().to_string(),
        IncomingError::Activity(failure) => activity_told(failure.activity_type(), failure.cause()),
        other => other.failure().message.clone(),
    }
}

/// The type of a failure: its own, or that of the failure behind an activity's.
pub(crate) fn kind(reason: &WorkflowTermination) -> Option<&str> {
    application(reason)?.type_name()
}

/// Whether another attempt cannot mend it.
pub(crate) fn is_for_good(reason: &WorkflowTermination) -> bool {
    application(reason).is_some_and(ApplicationFailure::is_non_retryable)
}

fn application(reason: &WorkflowTermination) -> Option<&ApplicationFailure> {
    match reason {
        WorkflowTermination::Failed(OutgoingWorkflowError::Application(failure)) => Some(failure),
        WorkflowTermination::Failed(OutgoingWorkflowError::ActivityExecution(error)) => {
            match error.reason() {
                Some(IncomingError::Application(failure)) => Some(failure),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The reason as the cause of another failure. The SDK takes a failure that a cancellation caused for a cancellation, so
/// that is none.
pub(crate) fn into_cause(reason: WorkflowTermination) -> Option<Box<IncomingError>> {
    let WorkflowTermination::Failed(error) = reason else { return None };
    let (converter, payloads) = (DefaultFailureConverter::default(), PayloadConverter::default());
    let context = SerializationContextData::None;
    let failure = converter.to_failure(OutgoingError::Workflow(error), &payloads, &context);
    let cause = converter.to_error(failure, &payloads, &context).ok()?;
    cause.as_cancelled().is_none().then(|| Box::new(cause))
}
