//! What the workflow client and the worker agree on, and the workflow.

mod workflow;

use schemars::JsonSchema;
use serde::Deserialize;

pub use workflow::{Activities, MyWorkflow};

/// The workflow type.
pub const WORKFLOW: &str = "MyWorkflow";
/// The task queue of the worker.
pub const TASK_QUEUE: &str = "MY_WORKFLOW_TASK_Q";

/// What an intent must say in `activityParams["all-activities"]`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Guests {
    /// Whom to greet.
    pub names: Vec<String>,
    /// Whether to say more than hello.
    pub polite: Option<bool>,
}
