//! A start: what a caller may ask for in its body, and the response to callers that ask for one
//! (`Prefer: return=representation`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::read::{object, request};
use crate::{RunId, WorkflowId};

request! {
    /// The body of `POST …/start`, which is optional: EMCO's callers send nothing, or `metadata` alone (EMCO-API §5.6).
    #[derive(Eq)]
    StartRequest(StartOverrides)
}

object! {
    /// What one start does differently from its intent. Each part is optional.
    #[derive(Eq)]
    pub struct StartOverrides {
        /// The workflow ID that replaces the intent's. `{{uuid}}` in it stands for a new UUID, `{{run}}` for the number
        /// of this start of the intent, so that one intent launches many workflows. Empty: the intent's.
        "workflowID" => workflow_id: WorkflowId,
        /// Parameters that replace the intent's, or come in addition: texts by parameter name, by activity name.
        "activityParams" => activity_params: BTreeMap<String, BTreeMap<String, String>>,
    }
}

impl StartOverrides {
    /// Returns about how many bytes its JSON has, to decide how to work on it.
    #[must_use]
    pub fn size(&self) -> usize {
        let of_params = self.activity_params.values().flatten().map(|(name, text)| name.len() + text.len());
        self.workflow_id.as_str().len() + of_params.sum::<usize>()
    }
}

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
    /// Whether the workflow was running already, so that nothing new was started.
    pub already_running: bool,
}
