//! The response of `GET …/status` (EMCO-API §1.6).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Problem, RawJson, RunId, WorkflowId, WorkflowType};

/// The status of a workflow: EMCO's fields in EMCO's order, then ours. A field is present if the caller asked for it.
/// The description is always present, as in EMCO.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct WorkflowStatus {
    /// The workflow ID.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// The run ID.
    #[serde(rename = "runID", skip_serializing_if = "RunId::is_empty")]
    pub run_id: RunId,
    /// Temporal's description as canonical JSON; `{}` if the caller did not ask for it.
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Map<String, serde_json::Value>))]
    pub workflow_execution_description: RawJson,
    /// The events of the run as Temporal's canonical JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<serde_json::Value>>))]
    pub workflow_history: Option<Vec<RawJson>>,
    /// The result of the workflow, once it has completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub workflow_result: Option<RawJson>,
    /// The result of the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub workflow_query_result: Option<RawJson>,
    /// The state of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_state: Option<WorkflowState>,
    /// The child workflows that the run waits for. Absent if there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pending_children: Vec<PendingChild>,
    /// Why the run did not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_failure: Option<WorkflowFailure>,
    /// Why the run makes no progress, if its workflow task fails again and again. Temporal retries the task until
    /// a worker completes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_task_failing: Option<TaskFailing>,
    /// When the run begins, if it has not: the workflow repeats (`CronSchedule`), is retried, or starts late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_start: Option<NextStart>,
    /// The token for the next page of the history. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_next_page_token: Option<String>,
    /// The errors, by method (`describe`, `history`, `query`, `wait`). Results of the other methods are in their
    /// fields.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, Problem>,
}

/// The beginning of a run that Temporal has made, and that does nothing until then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct NextStart {
    /// When it begins.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// Why the run before failed. Absent if it did not fail, or there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<WorkflowFailure>,
}

/// A workflow task that fails again and again: the worker cannot run the workflow's code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct TaskFailing {
    /// The number of the current attempt.
    pub attempt: i32,
    /// Why the last attempt in the history failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<WorkflowFailure>,
}

/// The state of a run, as Temporal names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WorkflowState {
    /// The run has not ended.
    Running,
    /// The run is paused, and continues when it is unpaused.
    Paused,
    /// It ended with a result.
    Completed,
    /// It ended with an error.
    Failed,
    /// It was cancelled, and ended.
    Canceled,
    /// It was terminated from outside.
    Terminated,
    /// It continues in a new run.
    ContinuedAsNew,
    /// It exceeded one of its timeouts.
    TimedOut,
    /// A state that this version does not know: its number in Temporal's API.
    #[serde(untagged)]
    Other(i32),
}

impl WorkflowState {
    /// Returns whether the run has ended. An unknown state is not known to be an end.
    #[must_use]
    pub fn is_closed(self) -> bool {
        !matches!(self, Self::Running | Self::Paused | Self::Other(_))
    }
}

/// By hand, because utoipa does not know untagged variants.
#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for WorkflowState {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Type};

        let named = [
            Self::Running,
            Self::Paused,
            Self::Completed,
            Self::Failed,
            Self::Canceled,
            Self::Terminated,
            Self::ContinuedAsNew,
            Self::TimedOut,
        ];
        let named = named.map(|state| state.to_string());
        let number = "A state that this version does not know: its number in Temporal's API";
        AnyOfBuilder::new()
            .description(Some("The state of a run, as Temporal names it"))
            .item(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(named)))
            .item(ObjectBuilder::new().schema_type(Type::Integer).description(Some(number)))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for WorkflowState {}

impl std::fmt::Display for WorkflowState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Other(number) => number.fmt(f),
            named => std::fmt::Debug::fmt(named, f),
        }
    }
}

/// A child workflow that its parent waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PendingChild {
    /// Its workflow ID.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// Its run ID.
    #[serde(rename = "runID")]
    pub run_id: RunId,
    /// Its workflow type.
    pub workflow_type: WorkflowType,
}

/// Why a run did not complete: a failure and its cause.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct WorkflowFailure {
    /// The message.
    pub message: String,
    /// The type of an application failure, as the workflow or activity named it. Otherwise Temporal's kind of failure.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The type of the activity that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<String>,
    /// The number of the last attempt of the activity, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<i32>,
    /// The stack trace, if the worker's SDK reports it and the caller asked for it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stack_trace: String,
    /// The cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub cause: Option<Box<WorkflowFailure>>,
}

impl WorkflowFailure {
    /// Removes the stack traces of this failure and of all its causes.
    #[must_use]
    pub fn without_stack_traces(mut self) -> Self {
        self.stack_trace.clear();
        self.cause = self.cause.map(|cause| Box::new(cause.without_stack_traces()));
        self
    }
}
