//! The answer of `GET …/status` (EMCO-API §1.6), and what it says of how a run ended.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{RunId, WorkflowId};

/// The status of a workflow. Only what was asked for is present; the description always is, as in EMCO.
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
    /// Where the run stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_state: Option<WorkflowState>,
    /// Temporal's description as its canonical JSON; `{}` unless asked for.
    pub workflow_execution_description: serde_json::Map<String, Value>,
    /// The events of the run as Temporal's canonical JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_history: Option<Vec<Value>>,
    /// What the workflow answered, once it completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_result: Option<Value>,
    /// Why the run ended otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_failure: Option<WorkflowFailure>,
    /// What the workflow answered to the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_query_result: Option<Value>,
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
    /// What caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub cause: Option<Box<WorkflowFailure>>,
}
