//! `POST …/schedules/{schedule}/pause`, `/resume`, `/trigger` and `/backfill`.

use bridge_core::model::ScheduleKey;
use http::StatusCode;
use workflow_api::{BackfillRequest, Fault, ScheduleNoteRequest};

use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::NO_CONTENT;
use crate::wire::body::{Known, OptionalKnown, incomplete};
use crate::wire::call::Call;
use crate::wire::params::{NoParams, idempotency_key};
use crate::wire::path::{self, DigPath, IntentPath, SchedulePath};

type NoteCall = Call<ScheduleKey, NoParams, OptionalKnown<ScheduleNoteRequest>>;

problems!(
    Problems,
    [NO_SUCH_SCHEDULE, SCHEDULE_NOT_PRESENT, SCHEDULES_OFF, SCHEDULE_BUSY],
    TEMPORAL_CONFIGURED
);

/// Pause a schedule
///
/// At its times nothing is started until it is resumed. Runs that it started continue.
#[utoipa::path(
    post,
    path = path::SCHEDULE_PAUSE,
    tag = "schedules",
    params(DigPath, IntentPath, SchedulePath),
    request_body(content = Option<ScheduleNoteRequest>, example = json!({"metadata": {"name": ""}, "spec": {"note": "The cluster is being upgraded"}})),
    responses((status = 204, description = "It is paused"), Problems),
)]
pub(crate) async fn pause_schedule(call: NoteCall) -> Result<StatusCode, ApiError> {
    let OptionalKnown(ScheduleNoteRequest { spec, .. }) = call.body;
    call.api.app.schedules.pause(&call.request, &call.key, spec.note).await?;
    Ok(NO_CONTENT)
}

/// Resume a schedule
///
/// What it did not start while it was paused is not made up for: use `backfill`.
#[utoipa::path(
    post,
    path = path::SCHEDULE_RESUME,
    tag = "schedules",
    params(DigPath, IntentPath, SchedulePath),
    request_body(content = Option<ScheduleNoteRequest>, example = json!({"metadata": {"name": ""}, "spec": {"note": "The cluster is upgraded"}})),
    responses((status = 204, description = "It continues"), Problems),
)]
pub(crate) async fn resume_schedule(call: NoteCall) -> Result<StatusCode, ApiError> {
    let OptionalKnown(ScheduleNoteRequest { spec, .. }) = call.body;
    call.api.app.schedules.resume(&call.request, &call.key, spec.note).await?;
    Ok(NO_CONTENT)
}

/// Start a schedule's intent now
///
/// As if this were a time of the schedule: by the schedule's rights, with its overlap policy, and also if it is paused.
/// The response does not wait for the start, which the schedule's status shows. Calls with the same `Idempotency-Key`
/// are one start.
#[utoipa::path(
    post,
    path = path::SCHEDULE_TRIGGER,
    tag = "schedules",
    params(
        DigPath,
        IntentPath,
        SchedulePath,
        ("Idempotency-Key" = Option<String>, Header, description = "The key of this start: 1 to 255 visible ASCII characters, such as a UUID. Kept for 7 days", example = "7b1c1f0e-4a53-4c2a-9a43-2d7f5b1d2c11"),
    ),
    responses((status = 204, description = "Temporal will start it"), Problems),
)]
pub(crate) async fn trigger_schedule(call: Call<ScheduleKey>) -> Result<StatusCode, ApiError> {
    let key = idempotency_key(&call.headers)?;
    call.api.app.schedules.trigger(&call.request, &call.key, key.as_deref()).await?;
    Ok(NO_CONTENT)
}

/// Start what a schedule would have started
///
/// Starts the intent for each time of the schedule between two moments, by default one after the other. A time for
/// which the schedule has started it already is not started again.
#[utoipa::path(
    post,
    path = path::SCHEDULE_BACKFILL,
    tag = "schedules",
    params(
        DigPath,
        IntentPath,
        SchedulePath,
        ("Idempotency-Key" = Option<String>, Header, description = "A key of this call: 1 to 255 visible ASCII characters, such as a UUID", example = "7b1c1f0e-4a53-4c2a-9a43-2d7f5b1d2c11"),
    ),
    request_body(content = BackfillRequest, example = json!({
        "metadata": {"name": ""}, "spec": {"from": "2026-11-01T00:00:00Z", "to": "2026-11-08T00:00:00Z", "overlap": "BufferAll"},
    })),
    responses((status = 204, description = "Temporal will start them"), Problems),
)]
pub(crate) async fn backfill_schedule(
    call: Call<ScheduleKey, NoParams, Known<BackfillRequest>>,
) -> Result<StatusCode, ApiError> {
    let Known(BackfillRequest { spec, .. }) = call.body;
    let missing =
        |field| incomplete(Fault::new(format!("$.spec.{field}"), "is required: write it as RFC 3339 does"));
    let from = spec.from.ok_or_else(|| missing("from"))?;
    let to = spec.to.ok_or_else(|| missing("to"))?;
    if to <= from {
        return Err(incomplete(Fault::new("$.spec.to", "must be later than `from`")));
    }
    let key = idempotency_key(&call.headers)?;
    let schedules = &call.api.app.schedules;
    schedules.backfill(&call.request, &call.key, (from, to), spec.overlap, key.as_deref()).await?;
    Ok(NO_CONTENT)
}
