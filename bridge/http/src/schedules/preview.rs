//! `GET` and `POST …/schedules/{schedule}/preview`: the times of a schedule.

use axum::response::IntoResponse;
use bridge_core::model::ScheduleKey;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;
use workflow_api::{Schedule, ScheduleSpec};

use super::sample_schedule;
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::GoJson;
use crate::wire::body::{Content, Known};
use crate::wire::call::Call;
use crate::wire::params::invalid;
use crate::wire::path::{self, DigPath, IntentPath, SchedulePath};

/// The length of a preview whose caller gives no end.
const YEAR: SignedDuration = SignedDuration::from_hours(366 * 24);
/// The most times that Temporal returns.
const MOST: usize = 1000;
const USUAL: usize = 10;

/// Parameters of a preview.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub(crate) struct PreviewParams {
    /// The beginning, as RFC 3339 writes it. Default: now.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-12-01T00:00:00Z")]
    from: Option<Timestamp>,
    /// The end. Default: a year later.
    #[param(value_type = Option<String>, format = DateTime, example = "2027-01-01T00:00:00Z")]
    to: Option<Timestamp>,
    /// Maximum number of times: 1 to 1000. Default: 10.
    #[param(minimum = 1, maximum = 1000, example = 10)]
    limit: Option<usize>,
}

problems!(Problems, [NO_SUCH_SCHEDULE, INVALID_SCHEDULE, SCHEDULES_OFF], TEMPORAL_CONFIGURED);

/// Get the next times of a schedule
///
/// Those that Temporal computes, without jitter, whether the schedule is paused or not.
#[utoipa::path(
    get,
    path = path::SCHEDULE_PREVIEW,
    tag = "schedules",
    params(DigPath, IntentPath, SchedulePath, PreviewParams),
    responses((status = 200, description = "The times", body = [String], example = json!(["2026-12-01T01:30:00Z", "2026-12-02T01:30:00Z"])), Problems),
)]
pub(crate) async fn preview_schedule(
    call: Call<ScheduleKey, PreviewParams>,
) -> Result<impl IntoResponse + use<>, ApiError> {
    times(&call, None).await
}

/// Get the times of a schedule before it is kept
///
/// Those of the body's `spec`. Neither the schedule nor the intent need exist.
#[utoipa::path(
    post,
    path = path::SCHEDULE_PREVIEW,
    tag = "schedules",
    params(DigPath, IntentPath, SchedulePath, PreviewParams),
    request_body(content = Schedule, example = json!(sample_schedule())),
    responses((status = 200, description = "The times", body = [String], example = json!(["2026-12-01T01:30:00Z", "2026-12-02T01:30:00Z"])), Problems),
)]
pub(crate) async fn preview_times(
    mut call: Call<ScheduleKey, PreviewParams, Known<Schedule>>,
) -> Result<impl IntoResponse + use<>, ApiError> {
    let spec = std::mem::take(&mut call.body.0.spec);
    times(&call, Some(spec)).await
}

async fn times<B: Content<ScheduleKey>>(
    call: &Call<ScheduleKey, PreviewParams, B>,
    spec: Option<ScheduleSpec>,
) -> Result<GoJson<Vec<Timestamp>>, ApiError> {
    let params = &call.params;
    let limit = params.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(invalid("limit", &format!("is {limit}: write 1 to {MOST}")));
    }
    let from = params.from.unwrap_or(call.request.now);
    let to = params.to.unwrap_or_else(|| from.saturating_add(YEAR).unwrap_or(Timestamp::MAX));
    let mut times = call.api.app.schedules.times(&call.request, &call.key, spec, (from, to)).await?;
    times.truncate(limit);
    Ok(GoJson(times))
}
