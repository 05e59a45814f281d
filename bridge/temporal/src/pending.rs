//! Converts the pending activities of a run.

use jiff::Timestamp;
use temporalio_common::protos::temporal::api::enums::v1::PendingActivityState;
use temporalio_common::protos::temporal::api::workflow::v1::PendingActivityInfo;
use workflow_api::PendingActivity;

use crate::{convert, failure};

/// Converts an activity that has not ended.
pub(crate) fn activity(info: PendingActivityInfo, now: Timestamp) -> PendingActivity {
    let state = state(info.state);
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

/// Returns the name of a state; the number of one that this version does not know.
fn state(state: i32) -> String {
    PendingActivityState::try_from(state).map_or_else(|_| state.to_string(), |known| format!("{known:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_named_and_unknown_ones_numbered() {
        for (number, name) in [(1, "Scheduled"), (3, "CancelRequested"), (5, "PauseRequested"), (42, "42")] {
            assert_eq!(state(number), name);
        }
    }
}
