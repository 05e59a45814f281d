//! The responses of the verbs other than start and status.

use serde::{Deserialize, Serialize};

use crate::{PendingChild, RawJson, RunId, WorkflowFailure, WorkflowId, WorkflowState};

/// The response to a query.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct QueryAnswer {
    /// The workflow ID.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// The result; `null` where the workflow returned nothing.
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value))]
    pub result: RawJson,
}

/// The stage that an update has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum UpdateStage {
    /// The workflow accepted it and works on it.
    Accepted,
    /// The workflow completed it.
    Completed,
}

/// The response to an update.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UpdateAnswer {
    /// The workflow ID.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// The run that was updated.
    #[serde(rename = "runID")]
    pub run_id: RunId,
    /// The ID of the update. A repeat of the request with this ID returns the outcome of this update.
    #[serde(rename = "updateID")]
    pub update_id: String,
    /// The stage that it has reached.
    pub stage: UpdateStage,
    /// The result, once the workflow has completed the update.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub result: Option<RawJson>,
}

/// The state of a run that was cancelled or terminated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StopReport {
    /// The workflow ID.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// The run ID.
    #[serde(rename = "runID")]
    pub run_id: RunId,
    /// The state of the run.
    pub workflow_state: WorkflowState,
    /// Whether the run has ended.
    pub stopped: bool,
    /// The activities that have not ended.
    pub pending_activities: Vec<PendingActivity>,
    /// The child workflows that have not ended, or whose end the run has not received. Absent if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending_children: Vec<PendingChild>,
    /// The termination that follows later, if the caller asked for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Escalation>,
}

/// An activity that has not ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PendingActivity {
    /// Its ID within the run.
    #[serde(rename = "activityID")]
    pub activity_id: String,
    /// Its type.
    pub activity_type: String,
    /// `Scheduled`, `Started`, `CancelRequested`, `Paused` or `PauseRequested`.
    pub state: String,
    /// Which attempt this is, from 1.
    pub attempt: i32,
    /// Why the previous attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<WorkflowFailure>,
    /// Seconds since its last heartbeat. Absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat_age: Option<f64>,
}

/// A termination that happens later, unless the run ends before. It is a workflow in Temporal. Cancelling that workflow
/// cancels the termination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Escalation {
    /// The workflow ID of the escalation.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// The run ID of the escalation.
    #[serde(rename = "runID")]
    pub run_id: RunId,
    /// Whether an earlier request asked for it. The time of that request is kept.
    pub already_scheduled: bool,
}

/// The run that a reset created.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResetAnswer {
    /// The workflow ID.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// The run ID of the new run.
    #[serde(rename = "runID")]
    pub run_id: RunId,
}
