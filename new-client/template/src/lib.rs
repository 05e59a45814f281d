//! The workflow, and what the workflow client and the worker share.

mod workflow;

use schemars::JsonSchema;
use serde::Deserialize;
use worker_kit::{CURRENT_STATE, Declaration, Message, PROGRESS};

pub use workflow::{Activities, MyWorkflow};

/// The activity.
pub const GREET: &str = "Greet";
/// The signal.
pub const STOP: &str = "stop";

/// What both programs know of the workflow: its type, task queue, activities, and what can be sent
/// to it.
pub const WORKFLOW: Declaration = Declaration::new("MyWorkflow", "MY_WORKFLOW_TASK_Q")
    .with_activities(&[GREET])
    .with_signals(&[Message::of::<Stop>(STOP)])
    .with_queries(&[Message::any(CURRENT_STATE), Message::any(PROGRESS)]);

/// The parameters of an intent, in `activityParams["all-activities"]`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Guests {
    /// The guests to greet.
    pub names: Vec<String>,
    /// Whether to add a question to the greeting.
    pub polite: Option<bool>,
}

/// The argument of the signal `stop`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// Why no more guests are greeted.
    pub reason: String,
}
