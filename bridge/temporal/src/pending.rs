//! Converts the pending activities of a run.

use jiff::Timestamp;
use temporalio_common::protos::temporal::api::enums::v1::PendingActivityState;
use temporalio_common::protos::temporal::api::workflow::v1::PendingActivityInfo;
use workflow_api::PendingActivity;

use crate::{convert, failure};

/// Converts an activity that has not ended.
pub(crate) fn activity(info: PendingActivityInfo, now: Timestamp) -> PendingActivity {
    let state = state(info.state()).to_owned();
    let heartbeat = info.last_heartbeat_time.and_then(convert::timestamp);
    PendingActivity {
        activity_id: info.activity_id,
        activity_type: info.activity_type.unwrap_or_default().name,
        state,
        attempt: info.attempt,
        last_failure: info.last_failure.map(failure::alone),
        heartbeat_age: heartbeat.map(|last| now.duration_since(last).as_secs_f64().max(0.0)),
    }
}

fn state(state: PendingActivityState) -> &'static str {
    match state {
        PendingActivityState::Unspecified => "Unspecified",
        PendingActivityState::Scheduled => "Scheduled",
        PendingActivityState::Started => "Started",
        PendingActivityState::CancelRequested => "CancelRequested",
        PendingActivityState::Paused => "Paused",
        PendingActivityState::PauseRequested => "PauseRequested",
    }
}
