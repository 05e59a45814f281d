//! The answer of a workflow client: what to start.

mod options;
mod typed;

use std::collections::BTreeMap;
use std::slice;
use std::sync::OnceLock;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use temporalio_common::protos::temporal::api::common::v1::Payload;
use workflow_api::{StartOptions, TaskQueue, TemporalSpec, WorkflowId, WorkflowParams, WorkflowType};

pub use self::options::IdConflictPolicy;
use crate::ClientError;

/// The start of a workflow: its type, its options and its arguments.
///
/// It only says what is to be started. The kit starts it once the function has answered it. What of it cannot be written as
/// JSON, such as a map with keys other than texts, makes the answer a 500 that the log explains.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "nothing is started unless the function answers it"]
pub struct WorkflowStart {
    pub(crate) workflow_type: WorkflowType,
    pub(crate) options: StartOptions,
    pub(crate) arguments: Arguments,
    /// Arguments that are no JSON, by position; null stands for them in `arguments`.
    pub(crate) encoded: BTreeMap<usize, Payload>,
    pub(crate) id_conflict_policy: Option<IdConflictPolicy>,
    pub(crate) start_delay: Option<Duration>,
    pub(crate) summary: Option<String>,
    pub(crate) details: Option<String>,
    /// Why it cannot be started.
    fault: Option<NoJson>,
}

/// What the workflow gets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Arguments {
    /// The intent's parameters, as the one argument. They are made a JSON value if somebody asks for one.
    Params(WorkflowParams, OnceLock<Value>),
    /// What the author's function says.
    Own(Vec<Value>),
}

/// Something to go with a start that has no JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} cannot be written as JSON: {why}")]
struct NoJson {
    what: String,
    why: String,
}

impl WorkflowStart {
    /// The start of a workflow of this type with the options of `spec` and its `workflowParams` as the one argument,
    /// as EMCO's own clients make it (EMCO-API §2.4).
    pub fn of(workflow_type: impl Into<WorkflowType>, spec: TemporalSpec) -> Self {
        Self {
            workflow_type: workflow_type.into(),
            options: spec.workflow_start_options,
            arguments: Arguments::Params(spec.workflow_params, OnceLock::new()),
            encoded: BTreeMap::new(),
            id_conflict_policy: None,
            start_delay: None,
            summary: None,
            details: None,
            fault: None,
        }
    }

    /// The same on another task queue.
    pub fn on_task_queue(mut self, queue: impl Into<TaskQueue>) -> Self {
        self.options.task_queue = queue.into();
        self
    }

    /// The same under another workflow ID. A function that makes up an ID at random cannot be repeated safely: make it of
    /// what the request says, or leave it to the kit.
    pub fn with_workflow_id(mut self, id: impl Into<WorkflowId>) -> Self {
        self.options.id = id.into();
        self
    }

    /// The same with this as the one argument.
    pub fn with_input(self, input: impl Serialize) -> Self {
        self.with_arguments([]).with_argument(input)
    }

    /// The same with one more argument. The first one takes the place of the intent's parameters.
    pub fn with_argument(mut self, argument: impl Serialize) -> Self {
        let place = self.own_arguments().len() + 1;
        let argument = self.json(argument, || format!("argument {place}"));
        self.own_arguments().push(argument.unwrap_or_default());
        self
    }

    /// The same with these arguments, any number of them.
    pub fn with_arguments(mut self, arguments: impl IntoIterator<Item = Value>) -> Self {
        self.arguments = Arguments::Own(arguments.into_iter().collect());
        self.encoded.clear();
        self
    }

    /// The arguments of the author's own, which take the place of the intent's parameters.
    fn own_arguments(&mut self) -> &mut Vec<Value> {
        if let Arguments::Params(..) = self.arguments {
            self.arguments = Arguments::Own(Vec::new());
        }
        match &mut self.arguments {
            Arguments::Own(arguments) => arguments,
            Arguments::Params(..) => unreachable!("they were replaced"),
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

    /// The arguments that the workflow gets. Null stands for one of a typed start that is no JSON.
    #[must_use]
    pub fn arguments(&self) -> &[Value] {
        match &self.arguments {
            Arguments::Params(params, json) => {
                slice::from_ref(json.get_or_init(|| {
                    serde_json::to_value(params).expect("parameters are maps with text keys")
                }))
            }
            Arguments::Own(arguments) => arguments,
        }
    }

    /// The start itself if nothing is wrong with it.
    pub(crate) fn checked(mut self) -> Result<Self, ClientError> {
        match self.fault.take() {
            Some(fault) => Err(fault.into()),
            None => Ok(self),
        }
    }

    /// The value as JSON; that it has none is noted.
    fn json(&mut self, value: impl Serialize, what: impl FnOnce() -> String) -> Option<Value> {
        let json = serde_json::to_value(value);
        json.map_err(|error| self.note(what(), &error)).ok()
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
