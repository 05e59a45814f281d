//! `GET /v2/alarms`, one alarm, and counts.

use axum::response::{IntoResponse, Response};
use bridge_core::model::AlarmId;
use workflow_api::alarms::{AlarmCount, AlarmRecord};

use super::params::AlarmParams;
use super::sample::{sample_alarm, sample_count};
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::GoJson;
use crate::wire::call::Call;
use crate::wire::page::{self, PageParams};
use crate::wire::params::Both;
use crate::wire::path;

/// Default number of alarms on a page.
const LIMIT: u32 = 100;

problems!(NoAlarm, [NO_SUCH_ALARM]);

/// List alarms
///
/// The list begins with the newest alarm. Alarms that the caller may not see are left out. An alarm leaves the list
/// when it is cleared and acknowledged. The headers `Continue` and `Link` lead to the next page.
#[utoipa::path(
    get,
    path = path::ALARMS,
    tag = "alarms",
    params(PageParams, AlarmParams),
    responses(
        (status = 200, description = "The alarms", body = [AlarmRecord], headers(
            ("Continue" = String, description = "The token of the next page; absent on the last page"),
            ("Link" = String, description = "The URL of the next page (`rel=\"next\"`); absent on the last page"),
        ), example = json!([sample_alarm()])),
    ),
)]
pub(crate) async fn list_alarms(call: Call<(), Both<PageParams, AlarmParams>>) -> Result<Response, ApiError> {
    let Both(page, filter) = call.params;
    let (scope, filter) = filter.read(page.after()?)?;
    let limit = page.limit()?.unwrap_or(LIMIT);
    let alarms = &call.api.app.alarms;
    let page = alarms.list(&call.request, &scope, &filter, Some(limit)).await?;
    let base = alarms.base();
    let records: Vec<_> = page.alarms.iter().map(|kept| kept.alarm.record(&base, kept.number)).collect();
    let next = page.next.as_ref().map(AlarmId::as_str);
    Ok((page::next(call.uri.query(), next), GoJson(records)).into_response())
}

/// Count alarms by severity
#[utoipa::path(
    get,
    path = path::ALARM_COUNTS,
    tag = "alarms",
    params(AlarmParams),
    responses((status = 200, description = "The counts", body = AlarmCount, example = json!(sample_count()))),
)]
pub(crate) async fn count_alarms(call: Call<(), AlarmParams>) -> Result<Response, ApiError> {
    let (scope, filter) = call.params.read(None)?;
    let counts = call.api.app.alarms.count(&call.request, &scope, &filter).await?;
    Ok(GoJson(counts).into_response())
}

/// Get an alarm
#[utoipa::path(
    get,
    path = path::ALARM,
    tag = "alarms",
    params(("alarmId" = String, Path, description = "The alarm", example = "019b7c2a-3f5e-7c11-8a4b-5d2f6e7a8b9c")),
    responses(
        (status = 200, description = "The alarm", body = AlarmRecord, example = json!(sample_alarm())),
        NoAlarm,
    ),
)]
pub(crate) async fn get_alarm(call: Call<AlarmId>) -> Result<Response, ApiError> {
    let alarms = &call.api.app.alarms;
    let kept = alarms.get(&call.request, &call.key).await?;
    Ok(GoJson(kept.alarm.record(&alarms.base(), kept.number)).into_response())
}
