//! Arguments of signals, read so that no argument can make the workflow task fail.

use std::marker::PhantomData;

use serde::Serialize;
use temporalio_common::data_converters::{
    PayloadConversionError, PayloadConverter, RawValue, SerializationContext, TemporalDeserializable,
    TemporalSerializable,
};
use temporalio_common::protos::temporal::api::common::v1::Payload;
use workflow_api::Fault;
use workflow_api::params::{Parameters, read_argument};

use crate::input::json_of;

/// The argument of a signal: a value, or something else that was sent instead.
///
/// A signal cannot be refused. With any other type, an argument of the wrong shape would make the workflow *task* fail,
/// which Temporal retries without end. [`Progress::received`](crate::Progress::received) takes the value out of it. `T`
/// has [`Deserialize`](serde::Deserialize) and `schemars::JsonSchema`; `Option<T>` and `()` accept a signal without an
/// argument.
///
/// ```
/// # use schemars::JsonSchema;
/// # use serde::Deserialize;
/// # use temporalio_common::data_converters::RawValue;
/// # use temporalio_macros::{workflow, workflow_methods};
/// # use temporalio_sdk::{SyncWorkflowContext, WorkflowContext, WorkflowResult};
/// # use worker_kit::{Progress, SignalArgument};
/// # const STOP: &str = "stop";
/// # #[derive(Deserialize, JsonSchema)]
/// # pub struct Stop { reason: String }
/// # #[workflow]
/// # #[derive(Default)]
/// # pub struct Hello { progress: Progress, stopped: Option<String> }
/// # #[workflow_methods]
/// # impl Hello {
/// # #[run]
/// # pub async fn run(_ctx: &mut WorkflowContext<Self>, _input: RawValue) -> WorkflowResult<()> { Ok(()) }
/// #[signal(name = STOP)]
/// pub fn stop(&mut self, ctx: &mut SyncWorkflowContext<Self>, argument: SignalArgument<Stop>) {
///     if let Some(stop) = self.progress.received(ctx, STOP, argument) {
///         self.stopped = Some(stop.reason);
///     }
/// }
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SignalArgument<T> {
    sent: RawValue,
    kind: PhantomData<fn() -> T>,
}

impl<T> SignalArgument<T> {
    fn of(sent: RawValue) -> Self {
        Self { sent, kind: PhantomData }
    }

    /// Creates an argument, for a workflow or a test that sends the signal.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn new(value: &T) -> Result<Self, serde_json::Error>
    where
        T: Serialize,
    {
        Ok(Self::of(RawValue::from_value(&serde_json::to_value(value)?, &PayloadConverter::default())))
    }
}

impl<T: Parameters> SignalArgument<T> {
    /// Returns the value.
    ///
    /// # Errors
    /// The faults of what was sent, by JSON path below the argument. No message contains a value.
    pub fn into_result(self) -> Result<T, Vec<Fault>> {
        let fault = |message: String| vec![Fault::new("$", message)];
        match self.sent.payloads.as_slice() {
            [] => read_argument(None),
            [argument] => json_of(argument).map_err(fault).and_then(|json| read_argument(Some(json))),
            several => Err(fault(format!("the signal takes one argument, not {}", several.len()))),
        }
    }
}

impl<T> TemporalDeserializable for SignalArgument<T> {
    fn from_payload(
        context: &SerializationContext<'_>,
        payload: Payload,
    ) -> Result<Self, PayloadConversionError> {
        RawValue::from_payload(context, payload).map(Self::of)
    }

    fn from_payloads(
        context: &SerializationContext<'_>,
        payloads: Vec<Payload>,
    ) -> Result<Self, PayloadConversionError> {
        RawValue::from_payloads(context, payloads).map(Self::of)
    }
}

impl<T> TemporalSerializable for SignalArgument<T> {
    fn to_payload(&self, context: &SerializationContext<'_>) -> Result<Payload, PayloadConversionError> {
        self.sent.to_payload(context)
    }

    fn to_payloads(
        &self,
        context: &SerializationContext<'_>,
    ) -> Result<Vec<Payload>, PayloadConversionError> {
        self.sent.to_payloads(context)
    }
}
