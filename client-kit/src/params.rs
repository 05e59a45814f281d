//! What a workflow client takes of a request.

use std::ops::Deref;

use workflow_api::params::{Parameters, ParamsSchema, schema_of};
use workflow_api::{Fault, StartOptions, TaskQueue, TemporalSpec};

use crate::StartContext;

/// The parameters of an intent, read into a struct of the author's: an argument of a workflow client.
///
/// It has those for all activities (`activityParams["all-activities"]`), or those of the activity that the attribute names:
/// `#[workflow_client(activity(update = "doDIGUpdate"))]` for an argument `update`. An activity's parameters fall back, one by
/// one, on those for all. Parameters that are missing, unknown or of another type are refused, all of them at once, before
/// the function runs.
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
    message = "`{Self}` is no argument of a workflow client",
    label = "not known here",
    note = "a workflow client takes, by value and in any order: typed parameters (`Params<T>`), the whole spec (`Spec`), its \
            `StartOptions` or `TaskQueue`, and the start context (`StartContext`)"
)]
pub trait Argument: Sized {
    /// The JSON Schema of the parameters that it reads, if it reads any.
    fn schema() -> Option<&'static ParamsSchema> {
        None
    }

    /// Takes it out of a request; parameters are those of `activity`.
    ///
    /// # Errors
    /// What is wrong with the parameters.
    fn take(call: &Call, activity: &str) -> Result<Self, Vec<Fault>>;
}

/// A request whose arguments are taken out.
#[derive(Debug)]
pub struct Call {
    pub(crate) context: StartContext,
    /// All that the client reads parameters by.
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

/// An argument that has the parameters of one activity.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no parameters of an activity",
    label = "`activity(…)` names this argument",
    note = "parameters of an activity are read by an argument of type `Params<T>`"
)]
pub trait OfActivity: Argument {
    /// Takes it out of a request.
    ///
    /// # Errors
    /// What is wrong with the parameters.
    fn take_of(call: &Call, activity: &str) -> Result<Self, Vec<Fault>> {
        Self::take(call, activity)
    }
}

impl<T: Parameters> OfActivity for Params<T> {}
