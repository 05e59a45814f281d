//! The answer of a workflow client: what to start.

use serde::Serialize;
use serde_json::Value;
use workflow_api::{StartOptions, TaskQueue, TemporalSpec, WorkflowId, WorkflowType};

/// The start of a workflow: its type, its options and its arguments.
///
/// It only says what is to be started. The kit starts it once the function has answered it.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "nothing is started unless the function answers it"]
pub struct WorkflowStart {
    pub(crate) workflow_type: WorkflowType,
    pub(crate) options: StartOptions,
    pub(crate) arguments: Vec<Value>,
}

impl WorkflowStart {
    /// The start of a workflow of this type with the options of `spec` and its `workflowParams` as the one argument,
    /// as EMCO's own clients make it (EMCO-API §2.4).
    pub fn of(workflow_type: impl Into<WorkflowType>, spec: TemporalSpec) -> Self {
        let params = serde_json::to_value(spec.workflow_params).expect("parameters are maps with text keys");
        Self {
            workflow_type: workflow_type.into(),
            options: spec.workflow_start_options,
            arguments: vec![params],
        }
    }

    /// The same on another task queue.
    pub fn on_task_queue(mut self, queue: impl Into<TaskQueue>) -> Self {
        self.options.task_queue = queue.into();
        self
    }

    /// The same under another workflow ID.
    pub fn with_workflow_id(mut self, id: impl Into<WorkflowId>) -> Self {
        self.options.id = id.into();
        self
    }

    /// The same with other options: `start.with_options(|options| options.cron_schedule = "@daily".to_owned())`.
    pub fn with_options(mut self, change: impl FnOnce(&mut StartOptions)) -> Self {
        change(&mut self.options);
        self
    }

    /// The same with this as the one argument.
    ///
    /// # Errors
    /// When `input` has no JSON, as a map with keys other than texts.
    pub fn with_input(mut self, input: impl Serialize) -> Result<Self, serde_json::Error> {
        self.arguments = vec![serde_json::to_value(input)?];
        Ok(self)
    }

    /// The same with these arguments, any number of them.
    pub fn with_arguments(mut self, arguments: impl IntoIterator<Item = Value>) -> Self {
        self.arguments = arguments.into_iter().collect();
        self
    }

    /// The workflow type.
    #[must_use]
    pub fn workflow_type(&self) -> &WorkflowType {
        &self.workflow_type
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &StartOptions {
        &self.options
    }

    /// The arguments that the workflow gets.
    #[must_use]
    pub fn arguments(&self) -> &[Value] {
        &self.arguments
    }
}
