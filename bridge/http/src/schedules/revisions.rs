//! `GET …/schedules/{schedule}/revisions`: returns the history of a schedule.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use bridge_core::model::ScheduleKey;
use serde::Serialize;
use utoipa::ToSchema;
use workflow_api::Schedule;

use super::sample_schedule;
use crate::intents::revisions::{Change, LIMIT};
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::GoJson;
use crate::wire::call::Call;
use crate::wire::page::{self, PageParams};
use crate::wire::path::{self, DigPath, IntentPath, SchedulePath};

/// A revision of a schedule.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScheduleRevisionView {
    #[serde(flatten)]
    change: Change,
    /// The schedule; absent if this revision is its deletion.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Schedule>)]
    schedule: Option<Arc<Schedule>>,
}

problems!(ListProblems, [NO_SUCH_SCHEDULE]);

/// List the revisions of a schedule
///
/// The list begins with the newest revision. It also exists for a schedule that was deleted. The headers `Continue`
/// and `Link` lead to the next page.
#[utoipa::path(
    get,
    path = path::SCHEDULE_REVISIONS,
    tag = "schedules",
    params(DigPath, IntentPath, SchedulePath, PageParams),
    responses(
        (status = 200, description = "The revisions", body = [Change], headers(
            ("Continue" = String, description = "The token of the next page; absent on the last page"),
            ("Link" = String, description = "The URL of the next page (`rel=\"next\"`); absent on the last page"),
        ), example = json!([
            {"revision": 1, "action": "created", "changedBy": "alice", "changedAt": "2026-01-02T03:04:05.678901Z"},
        ])),
        ListProblems,
    ),
)]
pub(crate) async fn list_schedule_revisions(
    call: Call<ScheduleKey, PageParams>,
) -> Result<Response, ApiError> {
    let (after, limit) = (call.params.after()?, call.params.limit()?.unwrap_or(LIMIT));
    let page = call.api.app.schedules.changes(&call.request, &call.key, after, limit).await?;
    let changes: Vec<_> = page.changes.into_iter().map(Change::from).collect();
    Ok((page::next(call.uri.query(), page.next), GoJson(changes)).into_response())
}

problems!(GetProblems, [NO_SUCH_SCHEDULE, NO_SUCH_REVISION]);

/// Get a revision of a schedule
#[utoipa::path(
    get,
    path = path::SCHEDULE_REVISION,
    tag = "schedules",
    params(DigPath, IntentPath, SchedulePath, ("revision" = i64, Path, description = "The revision", example = 1)),
    responses(
        (status = 200, description = "The revision", body = ScheduleRevisionView, example = json!({
            "revision": 1, "action": "created", "changedBy": "alice", "changedAt": "2026-01-02T03:04:05.678901Z",
            "schedule": sample_schedule(),
        })),
        GetProblems,
    ),
)]
pub(crate) async fn get_schedule_revision(
    call: Call<(ScheduleKey, String)>,
) -> Result<GoJson<ScheduleRevisionView>, ApiError> {
    let (schedule, number) = &call.key;
    let revision = call.api.app.schedules.revision(&call.request, schedule, number).await?;
    Ok(GoJson(ScheduleRevisionView { change: revision.change.into(), schedule: revision.schedule }))
}
