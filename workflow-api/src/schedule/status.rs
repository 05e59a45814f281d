//! The state of a schedule.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{RunId, WorkflowId, WorkflowState};

/// What Temporal has of a schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ScheduleStatus {
    /// Whether Temporal has the schedule. It has none before the first change has reached it, and some days after the
    /// last start of one that has ended.
    pub present: bool,
    /// The revision that Temporal has.
    pub revision: i64,
    /// Whether it is paused.
    pub paused: bool,
    /// The note of the last pause or resumption, or why Temporal paused it.
    pub note: String,
    /// The next times, without jitter: at most ten.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub next_times: Vec<Timestamp>,
    /// The last starts, newest last: at most ten.
    pub recent_starts: Vec<ScheduledStart>,
    /// How many starts there were.
    pub started: i64,
    /// How many times were missed, because Temporal was away longer than the catch-up window.
    pub missed: i64,
    /// How many times were skipped, because a run had not ended.
    pub skipped: i64,
    /// How many times were dropped, because too many were waiting.
    pub dropped: i64,
    /// How many times are waiting for the end of a run.
    pub waiting: i64,
    /// How many starts are left. Absent if their number is not limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_left: Option<i64>,
}

/// A start by a schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ScheduledStart {
    /// The time of the schedule, without jitter. For a start by hand, the time of the request.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub time: Timestamp,
    /// The workflow of the bridge that starts the intent and follows its run.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// Its run.
    #[serde(rename = "runID")]
    pub run_id: RunId,
    /// Its state. Failed: nothing could be started, or the run that it followed failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<WorkflowState>,
}
