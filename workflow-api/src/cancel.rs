//! The body of `POST …/cancel` (EMCO-API §1.7).

use serde::Serialize;
use serde_json::Value;

use crate::read::from_json;
use crate::{Metadata, RunId, WorkflowId};

/// A request to cancel or terminate a workflow.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CancelRequest {
    /// Of no meaning; emcoctl always sends it.
    pub metadata: Metadata,
    /// What to cancel, and how.
    pub spec: CancelSpec,
}

from_json!(CancelRequest { "metadata" => metadata, "spec" => spec });

/// What to cancel, and how. Every part may be left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CancelSpec {
    /// Temporal's address (`host:port`); empty for the configured one.
    pub temporal_server: String,
    /// The workflow; empty for the intent's own.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// The run; empty for the latest.
    #[serde(rename = "runID")]
    pub run_id: RunId,
    /// Whether to end it at once, without letting it clean up.
    pub terminate: bool,
    /// Why; Temporal keeps it in the history.
    pub reason: String,
    /// Details of a termination: any JSON.
    pub details: Vec<Value>,
}

from_json!(CancelSpec {
    "temporalServer" => temporal_server,
    "workflowID" => workflow_id,
    "runID" => run_id,
    "terminate" => terminate,
    "reason" => reason,
    "details" => details,
});
