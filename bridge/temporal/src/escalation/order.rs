//! The input and the result of an escalation.

use serde::{Deserialize, Serialize};
use workflow_api::{Namespace, RunId, WorkflowId, WorkflowState};

/// A run to terminate, with the delay, the reason and the requester.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    /// The address of the Temporal server of the run.
    pub temporal_server: String,
    /// Its namespace.
    pub namespace: Namespace,
    /// The workflow.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// The run that was cancelled.
    #[serde(rename = "runID")]
    pub run_id: RunId,
    /// The first run of its chain: later runs of the chain are terminated as well.
    #[serde(rename = "firstRunID")]
    pub first_run_id: RunId,
    /// How long the run has to end, in milliseconds.
    pub grace_ms: u64,
    /// The reason.
    pub reason: String,
    /// Who requested it.
    pub identity: String,
}

/// The result of an escalation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ending {
    /// Whether the run had to be terminated.
    pub terminated: bool,
    /// The state of the closed run; `None` if Temporal has deleted it.
    pub state: Option<WorkflowState>,
}
