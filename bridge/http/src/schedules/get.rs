//! `GET …/schedules` and `GET …/schedules/{schedule}`: returns schedules, and what Temporal has of one.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use bridge_core::model::{IntentKey, ScheduleKey};
use http::StatusCode;
use http::header::ETAG;
use workflow_api::{Schedule, ScheduleStatus};

use super::sample_schedule;
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::{GoJson, headers};
use crate::wire::call::Call;
use crate::wire::etag;
use crate::wire::path::{self, DigPath, IntentPath, SchedulePath};

problems!(ListProblems, [NO_SUCH_INTENT]);

/// List the schedules of a workflow intent
///
/// All of them, at most 100, ordered by name.
#[utoipa::path(
    get,
    path = path::SCHEDULES,
    tag = "schedules",
    params(DigPath, IntentPath),
    responses((status = 200, description = "The schedules", body = [Schedule], example = json!([sample_schedule()])), ListProblems),
)]
pub(crate) async fn list_schedules(call: Call<IntentKey>) -> Result<GoJson<Vec<Arc<Schedule>>>, ApiError> {
    let schedules = call.api.app.schedules.list(&call.request, &call.key).await?;
    Ok(GoJson(schedules.into_iter().map(|kept| kept.schedule).collect()))
}

problems!(GetProblems, [NO_SUCH_SCHEDULE]);

/// Get a schedule
#[utoipa::path(
    get,
    path = path::SCHEDULE,
    tag = "schedules",
    params(
        DigPath,
        IntentPath,
        SchedulePath,
        ("If-None-Match" = Option<String>, Header, description = "Respond with a body only if the schedule is at none of these revisions: entity tags as in `ETag`", example = "\"3\""),
    ),
    responses(
        (status = 200, description = "The schedule", body = Schedule,
            headers(("ETag" = String, description = "The schedule's revision, in quotes")), example = json!(sample_schedule())),
        (status = 304, description = "The schedule is at one of these revisions",
            headers(("ETag" = String, description = "The schedule's revision, in quotes"))),
        GetProblems,
    ),
)]
pub(crate) async fn get_schedule(call: Call<ScheduleKey>) -> Result<Response, ApiError> {
    let kept = call.api.app.schedules.get(&call.request, &call.key).await?;
    let tag = headers([(ETAG, &etag::of_revision(kept.revision))]);
    Ok(if etag::is_known(&call.headers, kept.revision)? {
        (StatusCode::NOT_MODIFIED, tag).into_response()
    } else {
        (tag, GoJson(kept.schedule)).into_response()
    })
}

problems!(StatusProblems, [NO_SUCH_SCHEDULE, SCHEDULES_OFF], TEMPORAL_CONFIGURED);

/// Get the state of a schedule
///
/// Whether it is paused, its next times, its last starts, and what it has skipped or missed: what Temporal has of it.
#[utoipa::path(
    get,
    path = path::SCHEDULE_STATUS,
    tag = "schedules",
    params(DigPath, IntentPath, SchedulePath),
    responses((status = 200, description = "Its state", body = ScheduleStatus, example = json!({
        "present": true, "revision": 3, "paused": false, "note": "", "nextTimes": ["2026-12-01T01:30:00Z"],
        "recentStarts": [{
            "time": "2026-11-30T01:30:00Z", "workflowID": "emco-bridge-schedule/proj1/capp1/v1/dig1/dig1-workflow-intent/nightly-2026-11-30T01:30:00Z",
            "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "state": "Completed",
        }],
        "started": 12, "missed": 0, "skipped": 1, "dropped": 0, "waiting": 0,
    })), StatusProblems),
)]
pub(crate) async fn schedule_status(call: Call<ScheduleKey>) -> Result<GoJson<ScheduleStatus>, ApiError> {
    Ok(GoJson(call.api.app.schedules.status(&call.request, &call.key).await?))
}
