//! Typed parameters: an intent's texts, read into a struct of the author.

use workflow_api::WorkflowParams;
use workflow_api::params::Parameters;

use crate::InvalidParams;

/// The parameters of an intent, read into a struct that has [`Deserialize`](serde::Deserialize) and
/// `schemars::JsonSchema`. Workflow clients use the same struct and read it by the same rules.
///
/// ```
/// use schemars::JsonSchema;
/// use serde::Deserialize;
/// use worker_kit::Params;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Backup {
///     bucket: String,
///     keep: Option<u8>,
/// }
///
/// # fn backup(params: &workflow_api::WorkflowParams) -> Result<(), worker_kit::InvalidParams> {
/// let Params(backup): Params<Backup> = Params::of(params, "Backup")?;
/// let keep = backup.keep.unwrap_or(7);
/// # Ok(())
/// # }
/// # let text = backup(&Default::default()).unwrap_err().to_string();
/// # assert!(text.contains("$.activityParams.Backup.bucket: is missing"), "{text}");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params<T>(pub T);

impl<T: Parameters> Params<T> {
    /// Reads the parameters for all activities.
    ///
    /// # Errors
    /// [`InvalidParams`], which names each parameter that is missing, unknown or of another type. No message
    /// contains a value.
    pub fn for_all(params: &WorkflowParams) -> Result<Self, InvalidParams> {
        Self::of(params, WorkflowParams::ALL_ACTIVITIES)
    }

    /// Reads the parameters of `activity`: its own, and those for all activities where it has none of its own. An
    /// unknown parameter is a fault only among its own, because those for all may belong to other activities.
    ///
    /// # Errors
    /// As [`for_all`](Self::for_all).
    pub fn of(params: &WorkflowParams, activity: &str) -> Result<Self, InvalidParams> {
        params.read(activity).map(Self).map_err(InvalidParams::new)
    }
}
