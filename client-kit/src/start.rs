//! What a workflow client returns: the workflow to start.

mod options;
mod typed;

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use temporalio_common::protos::temporal::api::common::v1::Payload;
use workflow_api::{
    RawJson, StartOptions, TaskQueue, TemporalSpec, WorkflowId, WorkflowParams, WorkflowType,
};

pub use self::options::IdConflictPolicy;
use crate::ClientError;
use crate::payload::payload;

/// The start of a workflow: its type, options and arguments.
///
/// It only describes the start. The kit starts the workflow after the function has returned it. If a part cannot be
/// written as JSON, such as a map whose keys are not strings, the response is a 500 and the log has the reason.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "nothing is started unless the function returns it"]
pub struct WorkflowStart {
    pub(crate) workflow_type: WorkflowType,
    pub(crate) options: StartOptions,
    pub(crate) arguments: Arguments,
    pub(crate) id_conflict_policy: Option<IdConflictPolicy>,
    pub(crate) start_delay: Option<Duration>,
    pub(crate) summary: Option<String>,
    pub(crate) details: Option<String>,
    /// Why it cannot be started.
    fault: Option<NoJson>,
}

/// The arguments of the workflow.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Arguments {
    /// The intent's parameters, as the one argument.
    Params(WorkflowParams),
    /// The arguments that the author's function set, as Temporal gets them.
    Own(Vec<Payload>),
}

/// A part of a start that cannot be written as JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} cannot be written as JSON: {why}")]
struct NoJson {
    what: String,
    why: String,
}

impl WorkflowStart {
    /// Creates the start of a workflow of this type with the options of `spec` and its `workflowParams` as the one
    /// argument, as EMCO's clients do (EMCO-API §2.4).
    pub fn of(workflow_type: impl Into<WorkflowType>, spec: TemporalSpec) -> Self {
        Self {
            workflow_type: workflow_type.into(),
            options: spec.workflow_start_options,
            arguments: Arguments::Params(spec.workflow_params),
            id_conflict_policy: None,
            start_delay: None,
            summary: None,
            details: None,
            fault: None,
        }
    }

    /// Sets the task queue.
    pub fn on_task_queue(mut self, queue: impl Into<TaskQueue>) -> Self {
        self.options.task_queue = queue.into();
        self
    }

    /// Sets the workflow ID if the intent has none. The bridge then finds the workflow under the ID in the intent.
    pub fn with_default_workflow_id(self, id: impl Into<WorkflowId>) -> Self {
        if self.options.id.is_empty() { self.with_workflow_id(id) } else { self }
    }

    /// Sets the workflow ID, also if the intent has another one. A request whose function makes a random ID cannot be
    /// repeated safely. Make the ID from the request, or leave it empty, so that the kit makes it.
    pub fn with_workflow_id(mut self, id: impl Into<WorkflowId>) -> Self {
        self.options.id = id.into();
        self
    }

    /// Sets the one argument.
    pub fn with_input(self, input: impl Serialize) -> Self {
        self.with_arguments([]).with_argument(input)
    }

    /// Adds an argument. The first one replaces the intent's parameters.
    pub fn with_argument(mut self, argument: impl Serialize) -> Self {
        let place = self.own_arguments().len() + 1;
        let argument = self.json(argument, || format!("argument {place}"));
        self.own_arguments().extend(argument.map(|json| payload(&json)));
        self
    }

    /// Sets all arguments.
    pub fn with_arguments(mut self, arguments: impl IntoIterator<Item = Value>) -> Self {
        let payloads = arguments.into_iter().map(|argument| payload(&argument.into()));
        self.arguments = Arguments::Own(payloads.collect());
        self
    }

    /// Returns the author's arguments, which replace the intent's parameters.
    fn own_arguments(&mut self) -> &mut Vec<Payload> {
        if let Arguments::Params(_) = self.arguments {
            self.arguments = Arguments::Own(Vec::new());
        }
        match &mut self.arguments {
            Arguments::Own(arguments) => arguments,
            Arguments::Params(_) => unreachable!("they were replaced"),
        }
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

    /// Reads the arguments of the workflow as JSON, for tests. An argument that is not JSON is null.
    #[must_use]
    pub fn arguments(&self) -> Vec<Value> {
        let argument = |payload: &Payload| serde_json::from_slice(&payload.data).unwrap_or_default();
        match &self.arguments {
            Arguments::Params(params) => serde_json::to_value(params).into_iter().collect(),
            Arguments::Own(payloads) => payloads.iter().map(argument).collect(),
        }
    }

    /// Returns the start if all its parts can be written as JSON.
    pub(crate) fn checked(mut self) -> Result<Self, ClientError> {
        match self.fault.take() {
            Some(fault) => Err(fault.into()),
            None => Ok(self),
        }
    }

    /// Returns the value as JSON. Notes the error if it cannot be written as JSON.
    fn json(&mut self, value: impl Serialize, what: impl FnOnce() -> String) -> Option<RawJson> {
        RawJson::of(&value).map_err(|error| self.note(what(), &error)).ok()
    }

    fn note(&mut self, what: String, why: &dyn std::error::Error) {
        self.fault.get_or_insert_with(|| NoJson { what, why: why.to_string() });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;

    fn start() -> WorkflowStart {
        WorkflowStart::of("Type", TemporalSpec::default())
    }

    #[test]
    fn arguments_come_one_by_one_in_place_of_the_parameters() {
        assert_eq!(start().arguments(), [json!({})]);
        let several = start().with_argument("a").with_argument((1, true)).with_argument(None::<u8>);
        assert_eq!(several.arguments(), [json!("a"), json!([1, true]), json!(null)]);
        assert_eq!(several.clone().with_input(7).arguments(), [json!(7)]);
        assert!(several.with_arguments([]).arguments().is_empty());
    }

    #[test]
    fn the_intents_workflow_id_is_kept_or_replaced() {
        let id = |start: WorkflowStart| start.options().id.as_str().to_owned();
        assert_eq!(id(start().with_default_workflow_id("own")), "own");
        let of_intent = || start().with_workflow_id("of-intent");
        assert_eq!(id(of_intent().with_default_workflow_id("own")), "of-intent");
        assert_eq!(id(of_intent().with_workflow_id("own")), "own");
    }

    #[test]
    fn numbers_keep_their_digits() {
        const NUMBER: u128 = 12_345_678_901_234_567_890_123_456_789;
        for start in [start().with_argument(NUMBER), start().with_typed_input(&NUMBER)] {
            let Arguments::Own(payloads) = start.arguments else { panic!("there is no argument") };
            assert_eq!(payloads[0].data, NUMBER.to_string().as_bytes());
        }
        let options = start().with_memo("m", NUMBER).with_search_attribute("s", NUMBER).options;
        for values in [options.memo, options.search_attributes] {
            assert!(values.unwrap().values().all(|value| value.as_str() == NUMBER.to_string()));
        }
    }

    #[test]
    fn what_has_no_json_is_found_before_the_start() {
        let no_json = HashMap::from([((1, 2), "hunter2")]);
        for start in [
            start().with_argument(1).with_argument(&no_json).with_argument(2),
            start().with_memo("m", &no_json),
            start().with_search_attribute("s", &no_json),
        ] {
            let error = start.checked().unwrap_err();
            assert_eq!(error.status(), 500);
            assert!(error.cause().unwrap().contains("cannot be written as JSON"), "{error:?}");
        }
        assert!(start().with_argument(1).checked().is_ok());
    }
}
