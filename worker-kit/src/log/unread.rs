//! Activities that fail before an interceptor sees them: their arguments cannot be read, or this worker does not have
//! them.
//!
//! The converter of failures sees the cause, and a span of the SDK has the name of the activity. Neither has the number
//! of the attempt, so Temporal is asked for it.

use std::cell::RefCell;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use temporal::{Method, TemporalConnection};
use temporalio_common::data_converters::{
    DefaultFailureConverter, FailureConverter, PayloadConversionError, PayloadConverter,
    SerializationContextData,
};
use temporalio_common::error::{ApplicationFailure, IncomingError, OutgoingActivityError, OutgoingError};
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::enums::v1::PendingActivityState;
use temporalio_common::protos::temporal::api::failure::v1::Failure;
use temporalio_common::protos::temporal::api::workflow::v1::PendingActivityInfo;
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeWorkflowExecutionRequest;
use temporalio_sdk::activities::ActivityInfo;
use tokio::task;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::attempts::{self, NextTry};

/// The SDK's span around an activity, and its fields.
const SPAN: &str = "RunActivity";
const TYPE: &str = "otel.name";
const TYPE_PREFIX: &str = "RunActivity:";
const ACTIVITY_ID: &str = "temporalActivityID";
const WORKFLOW_ID: &str = "temporalWorkflowID";
const RUN_ID: &str = "temporalRunID";

/// How often Temporal is asked until it knows of the failure, and the pauses between.
const ASKED: usize = 10;
const PAUSE: Duration = Duration::from_millis(200);
/// Timeout of a call.
const BOUND: Duration = Duration::from_secs(5);

thread_local! {
    /// The activity that ran last on this thread, and its task. The SDK converts a failure on the thread on which the
    /// activity ended, in the same task, right afterwards.
    static LAST: RefCell<Option<(task::Id, Last)>> = const { RefCell::new(None) };
}

enum Last {
    /// The work has not begun.
    Unread(Arc<Activity>),
    /// The work succeeded, so only its result can fail.
    Succeeded(Box<ActivityInfo>),
    /// The work failed, and that is in the log.
    Failed,
}

/// Notes that the work of this task's activity did begin, and has ended.
pub(super) fn begun(info: ActivityInfo, succeeded: bool) {
    let last = if succeeded { Last::Succeeded(Box::new(info)) } else { Last::Failed };
    LAST.set(task::try_id().map(|id| (id, last)));
}

/// What the span has.
#[derive(Debug, Default, Clone)]
struct Activity {
    name: String,
    activity_id: String,
    workflow_id: String,
    run_id: String,
}

impl Visit for Activity {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            TYPE => self.name = value.trim_start_matches(TYPE_PREFIX).to_owned(),
            ACTIVITY_ID => self.activity_id = value.to_owned(),
            WORKFLOW_ID => self.workflow_id = value.to_owned(),
            RUN_ID => self.run_id = value.to_owned(),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

/// Notes which activity runs.
pub(super) struct Spans;

impl Spans {
    /// Sees the span whatever the level of the log is.
    pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> + Send + Sync {
        let of_activities = |metadata: &Metadata<'_>| metadata.is_span() && metadata.name() == SPAN;
        Self.with_filter(filter_fn(of_activities))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        if let Some(span) = ctx.span(id) {
            let mut activity = Activity::default();
            attributes.record(&mut activity);
            span.extensions_mut().insert(Arc::new(activity));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        if let Some(span) = ctx.span(id)
            && let Some(activity) = span.extensions_mut().get_mut::<Arc<Activity>>()
        {
            let activity: &mut Activity = Arc::make_mut(activity);
            values.record(activity);
        }
    }

    fn on_exit(&self, id: &Id, ctx: Context<'_, S>) {
        let (Some(task), Some(span)) = (task::try_id(), ctx.span(id)) else { return };
        LAST.with_borrow_mut(|last| match last {
            Some((known, Last::Succeeded(_) | Last::Failed)) if *known == task => {}
            _ => *last = span.extensions().get().map(|activity| (task, Last::Unread(Arc::clone(activity)))),
        });
    }
}

/// The SDK's converter of failures, which also logs those of activities that no interceptor has seen.
pub(super) struct Failures {
    connection: TemporalConnection,
    converter: DefaultFailureConverter,
}

impl Failures {
    pub(super) fn new(connection: TemporalConnection) -> Self {
        Self { connection, converter: DefaultFailureConverter::default() }
    }

    fn note(&self, failure: &ApplicationFailure) {
        let this_task = |last: &mut (task::Id, Last)| Some(last.0) == task::try_id();
        let cause = attempts::cause(failure);
        match LAST.with_borrow_mut(|last| last.take_if(this_task)) {
            Some((_, Last::Failed)) => {}
            Some((_, Last::Succeeded(info))) => attempts::failed(&info, failure),
            Some((_, Last::Unread(activity))) => {
                let connection = self.connection.clone();
                // The failure is reported after this call, and Temporal is asked after that.
                task::spawn(async move { warn(&connection, &activity, &cause).await });
            }
            // The failure of an activity that this worker does not have names it.
            None => tracing::warn!(error = cause, "an activity cannot run here"),
        }
    }
}

impl FailureConverter for Failures {
    fn to_failure(
        &self,
        error: OutgoingError,
        payloads: &PayloadConverter,
        context: &SerializationContextData,
    ) -> Failure {
        if let OutgoingError::Activity(OutgoingActivityError::Application(failure)) = &error {
            self.note(failure);
        }
        self.converter.to_failure(error, payloads, context)
    }

    fn to_error(
        &self,
        failure: Failure,
        payloads: &PayloadConverter,
        context: &SerializationContextData,
    ) -> Result<IncomingError, PayloadConversionError> {
        self.converter.to_error(failure, payloads, context)
    }
}

/// Logs a failed attempt of an activity whose arguments cannot be read.
async fn warn(connection: &TemporalConnection, activity: &Activity, error: &str) {
    let (attempt, next) = ask(connection, activity).await;
    let Activity { name: activity, workflow_id, run_id, .. } = activity;
    tracing::warn!(
        activity,
        attempt,
        %next,
        workflow_id,
        run_id,
        error,
        "an attempt of an activity failed: its arguments cannot be read"
    );
}

/// Asks Temporal for the number of the attempt, and when the next one is.
async fn ask(connection: &TemporalConnection, activity: &Activity) -> (Option<i32>, NextTry) {
    for _ in 0..ASKED {
        let request = DescribeWorkflowExecutionRequest {
            namespace: connection.target().namespace().to_owned(),
            execution: Some(WorkflowExecution {
                workflow_id: activity.workflow_id.clone(),
                run_id: activity.run_id.clone(),
            }),
        };
        let described = connection.ask(DescribeWorkflowExecutionRequest::NAME, BOUND, request).await;
        let Ok(described) = described else { return (None, NextTry::Unknown) };
        let mut pending = described.pending_activities.into_iter();
        match pending.find(|pending| pending.activity_id == activity.activity_id) {
            Some(pending) if pending.state() == PendingActivityState::Started => {
                tokio::time::sleep(PAUSE).await
            }
            Some(pending) => return (Some(pending.attempt - 1), next(pending)),
            None => return (None, NextTry::Never("Temporal does not retry it".to_owned())),
        }
    }
    (None, NextTry::Unknown)
}

fn next(waiting: PendingActivityInfo) -> NextTry {
    let pause: Option<Duration> = waiting.current_retry_interval.and_then(|pause| pause.try_into().ok());
    // Temporal adds the microseconds that it took to decide.
    let milliseconds = pause.and_then(|pause| pause.as_millis().try_into().ok());
    milliseconds.map_or(NextTry::Unknown, |pause| NextTry::In(Duration::from_millis(pause)))
}
