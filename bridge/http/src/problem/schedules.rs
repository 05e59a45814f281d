//! Errors of the use cases about schedules, as problems.

use bridge_core::ScheduleError;

use super::error::{ApiError, plain};
use super::kinds;
use crate::wire::etag;

impl From<ScheduleError> for ApiError {
    fn from(error: ScheduleError) -> Self {
        match error {
            ScheduleError::Refused(error) => error.into(),
            ScheduleError::Unsound(ref faults) => {
                kinds::INVALID_SCHEDULE.problem(error.to_string()).with_faults(faults.clone()).into()
            }
            ScheduleError::Intent(error) => error.into(),
            ScheduleError::NoSuchSchedule(_) => plain(kinds::NO_SUCH_SCHEDULE, &error),
            ScheduleError::NoSuchRevision { .. } => plain(kinds::NO_SUCH_REVISION, &error),
            ScheduleError::ConditionFailed { current, .. } => {
                let refusal = plain(kinds::CONDITION_FAILED, &error);
                match current {
                    Some(revision) => refusal.with("currentETag", etag::of_revision(revision)),
                    None => refusal,
                }
            }
            ScheduleError::TooMany(_) => plain(kinds::TOO_MANY_SCHEDULES, &error),
            ScheduleError::Busy(_) => plain(kinds::SCHEDULE_BUSY, &error),
            ScheduleError::Off => plain(kinds::SCHEDULES_OFF, &error),
            ScheduleError::NotInEngine(_) => plain(kinds::SCHEDULE_NOT_PRESENT, &error),
            ScheduleError::Store(error) => error.into(),
            ScheduleError::Engine(error) => error.into(),
        }
    }
}
