//! Schedules: when workflows are started by themselves.

use jiff::Timestamp;
use workflow_api::{BackfillRequest, IntentKey, Schedule, ScheduleNoteRequest, ScheduleStatus};

use super::{of_group, operations};
use crate::model::{Change, ScheduleRevision};

operations! {
    /// Lists the schedules of an intent, ordered by name.
    GET of_group!("/{workflowIntent}/schedules") => list_schedules(intent: IntentKey) -> Vec<Schedule>;

    /// Returns a schedule. Its `ETag` is its revision.
    GET of_group!("/{workflowIntent}/schedules/{schedule}") =>
        get_schedule(intent: IntentKey, schedule: str) -> Schedule;

    /// Replaces or creates a schedule: 200 or 201.
    PUT of_group!("/{workflowIntent}/schedules/{schedule}") =>
        put_schedule(intent: IntentKey, schedule: str) [Schedule] -> Schedule;

    /// Deletes a schedule. Runs that it started continue.
    DELETE of_group!("/{workflowIntent}/schedules/{schedule}") =>
        delete_schedule(intent: IntentKey, schedule: str) -> ();

    /// Lists the changes of a schedule, newest first.
    GET of_group!("/{workflowIntent}/schedules/{schedule}/revisions") =>
        list_schedule_revisions(intent: IntentKey, schedule: str) -> Vec<Change>;

    /// Returns a revision of a schedule.
    GET of_group!("/{workflowIntent}/schedules/{schedule}/revisions/{revision}") =>
        get_schedule_revision(intent: IntentKey, schedule: str, revision: i64) -> ScheduleRevision;

    /// Returns what Temporal has of a schedule: next times, last starts, what was skipped and missed.
    GET of_group!("/{workflowIntent}/schedules/{schedule}/status") =>
        schedule_status(intent: IntentKey, schedule: str) -> ScheduleStatus;

    /// Returns the times of a schedule: `from`, `to`, `limit`.
    GET of_group!("/{workflowIntent}/schedules/{schedule}/preview") =>
        preview_schedule(intent: IntentKey, schedule: str) -> Vec<Timestamp>;

    /// Returns the times of a schedule that is not kept.
    POST of_group!("/{workflowIntent}/schedules/{schedule}/preview") =>
        preview_times(intent: IntentKey, schedule: str) [Schedule] -> Vec<Timestamp>;

    /// Starts nothing until the schedule is resumed.
    POST of_group!("/{workflowIntent}/schedules/{schedule}/pause") =>
        pause_schedule(intent: IntentKey, schedule: str) [Option<ScheduleNoteRequest>] -> ();

    /// Lets a paused schedule continue.
    POST of_group!("/{workflowIntent}/schedules/{schedule}/resume") =>
        resume_schedule(intent: IntentKey, schedule: str) [Option<ScheduleNoteRequest>] -> ();

    /// Starts the intent now, as the schedule would.
    POST of_group!("/{workflowIntent}/schedules/{schedule}/trigger") =>
        trigger_schedule(intent: IntentKey, schedule: str) -> ();

    /// Starts the intent for past times.
    POST of_group!("/{workflowIntent}/schedules/{schedule}/backfill") =>
        backfill_schedule(intent: IntentKey, schedule: str) [BackfillRequest] -> ();
}
