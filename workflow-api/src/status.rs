//! The answer of `GET …/status` (EMCO-API §1.6), and what it says of how a run ended.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Problem, RawJson, RunId, WorkflowId};

/// The status of a workflow: EMCO's fields in EMCO's order, then ours. Only what was asked for is present; the description always
/// is, as in EMCO.
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
    /// Temporal's description as its canonical JSON; `{}` unless asked for.
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Map<String, Value>))]
    pub workflow_execution_description: RawJson,
    /// The events of the run as Temporal's canonical JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<Value>>))]
    pub workflow_history: Option<Vec<RawJson>>,
    /// What the workflow answered, once it completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_result: Option<Value>,
    /// What the workflow answered to the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_query_result: Option<Value>,
    /// Where the run stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_state: Option<WorkflowState>,
    /// Why the run ended otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_failure: Option<WorkflowFailure>,
    /// Asks for the next page of the history; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_next_page_token: Option<String>,
    /// What went wrong, by method (`describe`, `history`, `query`, `wait`); the other methods' answers are in their fields.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, Problem>,
}

/// Where a run stands, in Temporal's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum WorkflowState {
    /// It runs.
    Running,
    /// It ended and has a result.
    Completed,
    /// It ended with an error of its own.
    Failed,
    /// It was asked to end, and did.
    Canceled,
    /// It was ended from outside, at once.
    Terminated,
    /// It went on in a new run.
    ContinuedAsNew,
    /// It exceeded one of its bounds.
    TimedOut,
}

impl WorkflowState {
    /// Whether the run has ended.
    #[must_use]
    pub fn is_closed(self) -> bool {
        self != Self::Running
    }
}

impl std::fmt::Display for WorkflowState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

/// Why a run did not complete: one failure, and what caused it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct WorkflowFailure {
    /// What happened.
    pub message: String,
    /// The type of an application failure, as the workflow or activity named it; else Temporal's kind of failure.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The activity type that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<String>,
    /// Which attempt of the activity failed last, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<i32>,
    /// Where in the code, where the worker's language tells it and the caller asked for it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stack_trace: String,
    /// What caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub cause: Option<Box<WorkflowFailure>>,
}

impl WorkflowFailure {
    /// The same, without stack traces down to the last cause.
    #[must_use]
    pub fn without_stack_traces(mut self) -> Self {
        self.stack_trace.clear();
        self.cause = self.cause.map(|cause| Box::new(cause.without_stack_traces()));
        self
    }
}
