//! The answers of the verbs beside start and status.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{RunId, WorkflowFailure, WorkflowId, WorkflowState};

/// The answer of a query.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct QueryAnswer {
    /// The workflow ID.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// What the workflow answered; `null` where it answered nothing.
    pub result: Value,
}

/// How far an update came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum UpdateStage {
    /// The workflow took it and is at work on it.
    Accepted,
    /// The workflow is done with it.
    Completed,
}

/// The answer of an update.
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
    /// The ID of the update: who repeats the request with it gets the outcome of this update.
    #[serde(rename = "updateID")]
    pub update_id: String,
    /// How far it came.
    pub stage: UpdateStage,
    /// What the workflow answered, once it completed the update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
}

/// How a run stands that was told to end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StopReport {
    /// The workflow ID.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// The run.
    #[serde(rename = "runID")]
    pub run_id: RunId,
    /// Where it stands.
    pub workflow_state: WorkflowState,
    /// Whether it has ended.
    pub stopped: bool,
    /// What it is still at work on.
    pub pending_activities: Vec<PendingActivity>,
    /// The termination that waits, if one was asked for.
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
    /// Why the attempt before failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<WorkflowFailure>,
    /// Seconds since it last said that it is alive, where it ever did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat_age: Option<f64>,
}

/// A termination that happens later, unless the run ends before: itself a workflow in Temporal, whose cancellation calls it off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Escalation {
    /// The workflow ID of the escalation.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// Its run ID.
    #[serde(rename = "runID")]
    pub run_id: RunId,
    /// Whether an earlier request had asked for it already; the time it gave stands.
    pub already_scheduled: bool,
}

/// The run that a reset led to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResetAnswer {
    /// The workflow ID.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// The new run.
    #[serde(rename = "runID")]
    pub run_id: RunId,
}
