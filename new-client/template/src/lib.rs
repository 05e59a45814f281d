//! The workflow, and what the workflow client and the worker share.

mod workflow;

use schemars::JsonSchema;
use serde::Deserialize;

pub use workflow::{Activities, MyWorkflow};

/// The workflow type.
pub const WORKFLOW: &str = "MyWorkflow";
/// The task queue of the worker.
pub const TASK_QUEUE: &str = "MY_WORKFLOW_TASK_Q";

/// The parameters of an intent, in `activityParams["all-activities"]`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Guests {
    /// The guests to greet.
    pub names: Vec<String>,
    /// Whether to add a question to the greeting.
    pub polite: Option<bool>,
}
