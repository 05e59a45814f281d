//! `PUT` and `DELETE …/schedules/{schedule}`: creates, replaces or deletes a schedule.

use axum::response::{IntoResponse, Response};
use bridge_core::ScheduleOptions;
use bridge_core::model::ScheduleKey;
use http::header::{ETAG, LOCATION, WARNING};
use http::{HeaderMap, StatusCode};
use service::fields::warning;
use workflow_api::Schedule;

use super::sample_schedule;
use crate::intents::change::{ConditionHeaders, DryRunParam};
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::{GoJson, NO_CONTENT, headers};
use crate::wire::body::Known;
use crate::wire::call::Call;
use crate::wire::etag;
use crate::wire::path::{self, DigPath, IntentPath, SchedulePath};

problems!(
    PutProblems,
    [NO_SUCH_INTENT, CONDITION_FAILED, TOO_MANY_SCHEDULES, INVALID_SCHEDULE, SCHEDULES_OFF],
    TEMPORAL_CONFIGURED
);

/// Create or replace a schedule
///
/// The body may omit the name; unknown fields are refused. Needs the right to start the intent, and with the overlap
/// `CancelOther` or `TerminateOther` the right to do that. The schedule itself acts as the subject
/// `{ schedule = "project/app/version/group/intent/schedule" }` of rights. A body that changes nothing makes no
/// revision. A paused schedule stays paused.
#[utoipa::path(
    put,
    path = path::SCHEDULE,
    tag = "schedules",
    params(DigPath, IntentPath, SchedulePath, DryRunParam, ConditionHeaders),
    request_body(content = Schedule, example = json!(sample_schedule())),
    responses(
        (status = 200, description = "Replaced, or unchanged", body = Schedule, headers(
            ("ETag" = String, description = "The schedule's revision, in quotes"),
            ("Warning" = String, description = "Present if Temporal does not have this revision yet; the bridge goes on trying"),
        ), example = json!(sample_schedule())),
        (status = 201, description = "Created", body = Schedule, headers(
            ("Location" = String, description = "The schedule's path"),
            ("ETag" = String, description = "The schedule's revision, in quotes"),
            ("Warning" = String, description = "Present if Temporal does not have this revision yet; the bridge goes on trying"),
        ), example = json!(sample_schedule())),
        PutProblems,
    ),
)]
pub(crate) async fn put_schedule(
    call: Call<ScheduleKey, DryRunParam, Known<Schedule>>,
) -> Result<Response, ApiError> {
    let Known(schedule) = call.body;
    let options = options(&call.params, &call.headers)?;
    let changed = call.api.app.schedules.put(&call.request, &call.key, schedule, &options).await;
    let changed = changed.map_err(|error| ApiError::from(error).respelled(&call.spelling))?;
    let late = (!changed.applied)
        .then(|| warning("the schedule is kept, but has not reached Temporal yet".to_owned()));
    let late: HeaderMap = late.flatten().map(|text| (WARNING, text)).into_iter().collect();
    let (tag, path) = (etag::of_revision(changed.kept.revision), path::of_schedule(&call.key));
    let created = if changed.created { path.as_str() } else { "" };
    let status = if changed.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, headers([(ETAG, &tag), (LOCATION, created)]), late, GoJson(changed.kept.schedule))
        .into_response())
}

problems!(DeleteProblems, [NO_SUCH_SCHEDULE, CONDITION_FAILED]);

/// Delete a schedule
///
/// Runs that it started continue. Its revisions are kept.
#[utoipa::path(
    delete,
    path = path::SCHEDULE,
    tag = "schedules",
    params(DigPath, IntentPath, SchedulePath, DryRunParam, ConditionHeaders),
    responses((status = 204, description = "Deleted"), DeleteProblems),
)]
pub(crate) async fn delete_schedule(call: Call<ScheduleKey, DryRunParam>) -> Result<StatusCode, ApiError> {
    let options = options(&call.params, &call.headers)?;
    call.api.app.schedules.delete(&call.request, &call.key, &options).await?;
    Ok(NO_CONTENT)
}

fn options(params: &DryRunParam, headers: &HeaderMap) -> Result<ScheduleOptions, ApiError> {
    Ok(ScheduleOptions { conditions: etag::conditions(headers)?, dry_run: params.is_set() })
}
