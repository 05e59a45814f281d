#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod caller;
mod failure;
mod heartbeat;
mod input;
mod log;
mod meter;
mod params;
mod plan;
mod process;
mod progress;
mod register;
mod signal;
mod steps;
#[cfg(feature = "testing")]
pub mod testing;
mod undo;

pub use failure::{non_retryable, retryable};
pub use heartbeat::heartbeating;
pub use input::{InvalidParams, both, params};
pub use params::Params;
pub use plan::{ActivityPlan, NamedActivity, SHORTEST_HEARTBEAT_TIMEOUT};
pub use process::main;
pub use progress::{Progress, ProgressState, RefusedSignal};
pub use register::{RegisterError, register};
pub use signal::SignalArgument;
pub use steps::{StepWith, Steps};

/// The time in [`Progress`].
pub use jiff::Timestamp;
/// Returns on whose behalf an activity runs, if that is known. The requests of the crate `emco` have it in the headers
/// `emco-caller` and `emco-audit-id`; for requests of your own, use [`Caller::headers`].
pub use service::caller::current as current_caller;
/// Types of Temporal's SDK that the signatures here name, and those of their fields.
pub use temporalio_common::data_converters::{RawValue, TemporalDeserializable};
pub use temporalio_common::error::ApplicationFailure;
pub use temporalio_common::{ActivityDefinition, RetryPolicy};
pub use temporalio_sdk::activities::{ActivityContext, ActivityError};
pub use temporalio_sdk::{
    ActivityCancellationType, ActivityCloseTimeouts, ActivityOptions, WorkerOptions, WorkflowContext,
    WorkflowContextView, WorkflowRegistrationError, WorkflowResult, WorkflowTermination,
};
/// Types of `workflow-api` that authors of workflows use.
pub use workflow_api::params::{DurationParam, Parameters};
pub use workflow_api::{
    Argument, CURRENT_STATE, Caller, Declaration, Fault, Message, PROGRESS, WorkflowParams,
};
