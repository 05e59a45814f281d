//! The answer to a start, for callers that ask for a body (`Prefer: return=representation`).

use serde::{Deserialize, Serialize};

use crate::{RunId, WorkflowId};

/// The workflow that a start led to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Started {
    /// The workflow ID.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// The run ID.
    #[serde(rename = "runID")]
    pub run_id: RunId,
    /// Whether the workflow was running before, so that nothing new was started.
    pub already_running: bool,
}
