//! The arguments of workflow clients.

use std::ops::Deref;

use workflow_api::params::{Parameters, ParamsSchema, schema_of};
use workflow_api::{Fault, StartOptions, TaskQueue, TemporalSpec};

use crate::StartContext;

/// The parameters of an intent, read into a struct of the author. It is an argument of a workflow client.
///
/// It has the parameters for all activities (`activityParams["all-activities"]`), or those of the activity that the
/// attribute names: `#[workflow_client(activity(update = "doDIGUpdate"))]` for an argument `update`. A parameter that
/// is not set for the activity is taken from those for all. If parameters are missing, unknown or of another type, the
/// request is refused with all of these faults, before the function runs.
///
/// ```
/// use client_kit::{Params, StartContext, WorkflowStart, workflow_client};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Backup {
///     bucket: String,
///     keep: Option<u8>,
/// }
///
/// #[workflow_client]
/// async fn backup(Params(backup): Params<Backup>, ctx: StartContext) -> WorkflowStart {
///     ctx.start("Backup").with_argument(backup.bucket).with_argument(backup.keep.unwrap_or(7))
/// }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Params<T>(
    /// The struct.
    pub T,
);

impl<T> Deref for Params<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// An argument of a workflow client.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a workflow client",
    label = "not supported here",
    note = "a workflow client takes, by value and in any order: typed parameters (`Params<T>`), the whole spec (`Spec`), its \
            `StartOptions` or `TaskQueue`, and the start context (`StartContext`)"
)]
pub trait Argument: Sized {
    /// Returns the JSON Schema of the parameters that it reads, if it reads any.
    fn schema() -> Option<&'static ParamsSchema> {
        None
    }

    /// Takes it from a request. Parameters are those of `activity`.
    ///
    /// # Errors
    /// The faults of the parameters.
    fn take(call: &Call, activity: &str) -> Result<Self, Vec<Fault>>;
}

/// A request from which arguments are taken.
#[derive(Debug)]
pub struct Call {
    pub(crate) context: StartContext,
    /// The schemas of all parameters that the client reads.
    pub(crate) schemas: Vec<&'static ParamsSchema>,
}

impl<T: Parameters> Argument for Params<T> {
    fn schema() -> Option<&'static ParamsSchema> {
        Some(schema_of::<T>())
    }

    fn take(call: &Call, activity: &str) -> Result<Self, Vec<Fault>> {
        call.context.spec().workflow_params.read_beside(activity, &call.schemas).map(Self)
    }
}

impl Argument for TemporalSpec {
    fn take(call: &Call, _: &str) -> Result<Self, Vec<Fault>> {
        Ok(call.context.spec().clone())
    }
}

impl Argument for StartOptions {
    fn take(call: &Call, _: &str) -> Result<Self, Vec<Fault>> {
        Ok(call.context.spec().workflow_start_options.clone())
    }
}

impl Argument for TaskQueue {
    fn take(call: &Call, _: &str) -> Result<Self, Vec<Fault>> {
        Ok(call.context.spec().workflow_start_options.task_queue.clone())
    }
}

impl Argument for StartContext {
    fn take(call: &Call, _: &str) -> Result<Self, Vec<Fault>> {
        Ok(call.context.clone())
    }
}

/// An argument that can have the parameters of one activity.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot have the parameters of an activity",
    label = "`activity(…)` names this argument",
    note = "use an argument of type `Params<T>` for the parameters of an activity"
)]
pub trait OfActivity: Argument {
    /// Takes it from a request.
    ///
    /// # Errors
    /// The faults of the parameters.
    fn take_of(call: &Call, activity: &str) -> Result<Self, Vec<Fault>> {
        Self::take(call, activity)
    }
}

impl<T: Parameters> OfActivity for Params<T> {}
