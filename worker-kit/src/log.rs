//! What goes wrong in the work, as warnings in the worker's log: the failed attempts of activities, and the workflows
//! that fail. Temporal retries both, and shows the failure only to those who ask for it.

mod attempts;
mod interceptor;
mod runs;
mod unread;

use temporal::TemporalConnection;
use temporalio_common::data_converters::{DataConverter, DefaultPayloadCodec, PayloadConverter};
use temporalio_sdk::WorkerOptions;
use temporalio_sdk::workflow_interceptors::WorkflowInterceptorConstructor;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

use interceptor::Attempts;
use runs::Runs;
use unread::{Failures, Spans};

/// Logs what goes wrong in the work of a worker with these options. Called before the author adds interceptors, so that
/// failures of theirs are seen too.
pub(crate) fn watch(options: &mut WorkerOptions) {
    options.activity_inbound_interceptor(Attempts);
    options.workflow_interceptor(WorkflowInterceptorConstructor::new(|_| Runs));
}

/// The data converter of the worker's client. It sees the activities that fail before an interceptor does.
pub(crate) fn data_converter(connection: &TemporalConnection) -> DataConverter {
    DataConverter::new(PayloadConverter::default(), Failures::new(connection.clone()), DefaultPayloadCodec)
}

/// What [`data_converter`] needs of the log: which activity runs.
pub(crate) fn layer<S>() -> impl Layer<S> + Send + Sync
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    Spans::layer()
}
