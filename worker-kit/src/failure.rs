//! Failures: their text, and what they mean for a workflow.

use std::error::Error;

use temporalio_common::data_converters::{
    DefaultFailureConverter, FailureConverter, PayloadConverter, SerializationContextData,
};
use temporalio_common::error::{
    ActivityExecutionError, ApplicationFailure, IncomingError, OutgoingError, OutgoingWorkflowError,
};
use temporalio_sdk::{WorkflowContext, WorkflowTermination};

use crate::input::cut;

/// The length, in bytes, to which the text of a failure is cut.
const MOST_BYTES: usize = 2048;

/// Returns a failure for good: neither the activity nor the workflow is retried. `kind` is its type, by which people
/// and programs know it.
///
/// ```
/// use worker_kit::{ActivityError, non_retryable, retryable};
///
/// fn read(path: &str) -> Result<String, ActivityError> {
///     if path.is_empty() {
///         return Err(non_retryable("NoPath", "there is no path: set the parameter `path`").into());
///     }
///     Ok(std::fs::read_to_string(path).map_err(|error| retryable("Unreadable", error))?)
/// }
/// # assert!(read("").is_err());
/// ```
pub fn non_retryable(
    kind: impl Into<String>,
    error: impl Into<Box<dyn Error + Send + Sync>>,
) -> ApplicationFailure {
    ApplicationFailure::builder(error).type_name(kind.into()).non_retryable(true).build()
}

/// Returns a failure that is retried by the retry policy. A policy can name its type `kind` as one that is not
/// retried. An activity that returns any other error fails in the same way, without a type.
pub fn retryable(
    kind: impl Into<String>,
    error: impl Into<Box<dyn Error + Send + Sync>>,
) -> ApplicationFailure {
    ApplicationFailure::builder(error).type_name(kind.into()).build()
}

/// Converts the failure of an activity into the end of the workflow.
pub(crate) fn of_activity(activity: &str, error: ActivityExecutionError) -> WorkflowTermination {
    match error {
        // The SDK would retry both: the first by the workflow's retry policy, which ignores the cause of an activity's
        // failure; the second as a workflow task, without end.
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
            let message = format!("{activity} and its worker use different types: {error}");
            non_retryable("PayloadMismatch", message).into()
        }
        cancelled => cancelled.into(),
    }
}

/// Whether the workflow ends because of its cancellation.
pub(crate) fn is_cancellation<W>(reason: &WorkflowTermination, ctx: &WorkflowContext<W>) -> bool {
    match reason {
        WorkflowTermination::Cancelled { .. } => true,
        WorkflowTermination::Failed(error) => {
            ctx.cancellation_token().is_cancelled() && error.as_cancelled().is_some()
        }
        WorkflowTermination::Evicted | WorkflowTermination::ContinueAsNew(_) => false,
    }
}

/// Describes the reason in one sentence.
pub(crate) fn describe(reason: &WorkflowTermination) -> String {
    let mut text = match reason {
        WorkflowTermination::Failed(OutgoingWorkflowError::Application(failure)) => {
            failure.source_error().to_string()
        }
        WorkflowTermination::Failed(OutgoingWorkflowError::ActivityExecution(error)) => match &**error {
            ActivityExecutionError::Failed(failure) => {
                describe_activity(failure.activity_type(), failure.cause())
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

fn describe_activity(activity: Option<&str>, cause: Option<&IncomingError>) -> String {
    let activity = activity.unwrap_or("an activity");
    match cause {
        Some(IncomingError::Timeout(timeout)) => {
            let kind = timeout.timeout_type();
            let last = timeout.cause().map(|last| format!("; before that: {}", describe_cause(last)));
            format!("{activity} timed out ({kind:?}){}", last.unwrap_or_default())
        }
        Some(cause) => format!("{activity} failed: {}", describe_cause(cause)),
        None => format!("{activity} failed"),
    }
}

fn describe_cause(error: &IncomingError) -> String {
    match error {
        IncomingError::Application(failure) => failure.source_error().to_string(),
        IncomingError::Activity(failure) => describe_activity(failure.activity_type(), failure.cause()),
        other => other.failure().message.clone(),
    }
}

/// The type of the failure, or of the cause of an activity's failure.
pub(crate) fn kind(reason: &WorkflowTermination) -> Option<&str> {
    application(reason)?.type_name()
}

/// Whether a retry cannot succeed.
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

/// Converts the reason into the cause of another failure. A cancellation becomes no cause: the SDK treats a failure
/// that was caused by a cancellation as a cancellation.
pub(crate) fn into_cause(reason: WorkflowTermination) -> Option<Box<IncomingError>> {
    let WorkflowTermination::Failed(error) = reason else { return None };
    let (converter, payloads) = (DefaultFailureConverter::default(), PayloadConverter::default());
    let context = SerializationContextData::None;
    let failure = converter.to_failure(OutgoingError::Workflow(error), &payloads, &context);
    let cause = converter.to_error(failure, &payloads, &context).ok()?;
    cause.as_cancelled().is_none().then(|| Box::new(cause))
}
