//! A start: what a caller may ask for in its body, and the answer for callers that ask for one
//! (`Prefer: return=representation`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::read::from_json;
use crate::{Metadata, RunId, WorkflowId};

/// The body of `POST …/start`, which may be left out: EMCO's callers send nothing, or `metadata` alone (EMCO-API §5.6).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StartRequest {
    /// Of no meaning; emcoctl always sends it.
    pub metadata: Metadata,
    /// What this start does otherwise than the intent says.
    pub spec: StartOverrides,
}

from_json!(StartRequest { "metadata" => metadata, "spec" => spec });

/// What one start does otherwise than its intent says. Every part may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StartOverrides {
    /// The workflow ID in place of the intent's. `{{uuid}}` in it stands for a new UUID, `{{run}}` for the number of this
    /// start of the intent, so that one intent launches many workflows. Empty for the intent's.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// Parameters in place of the intent's, or beside them: texts by parameter name, by activity name.
    pub activity_params: BTreeMap<String, BTreeMap<String, String>>,
}

from_json!(StartOverrides { "workflowID" => workflow_id, "activityParams" => activity_params });

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
