//! `/v2/alarm-deliveries`: notifications that have not arrived yet, dead letters among them.

use axum::response::{IntoResponse, Response};
use bridge_core::ports::{DeliveryFilter, DeliveryView};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::ApiError;
use crate::problem::kinds::{NO_SUCH_DELIVERY, problems};
use crate::wire::answer::{GoJson, NO_CONTENT};
use crate::wire::call::Call;
use crate::wire::page::{self, PageParams};
use crate::wire::params::Both;
use crate::wire::path;

/// Default number of deliveries on a page.
const LIMIT: u32 = 100;

problems!(NoDelivery, [NO_SUCH_DELIVERY]);

/// Filters of deliveries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveryParams {
    /// Only deliveries to this target.
    #[param(example = "oss")]
    target: Option<String>,
    /// Whether only dead letters are returned.
    #[param(example = true)]
    dead: bool,
}

/// A notification that a target has not got yet.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryRecord {
    /// The ID of the delivery.
    id: i64,
    /// The name of the target; `subscription:` and the ID for a subscription.
    target: String,
    /// The alarm.
    alarm_id: String,
    /// The notification.
    notification_id: i64,
    /// How many times it was tried.
    attempts: i64,
    /// When it is tried next (RFC 3339). If an earlier notification about the same alarm waits, after that one.
    next_attempt: String,
    /// When it became a dead letter (RFC 3339): the target refuses it. It is not tried again by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_since: Option<String>,
    /// Why it failed last.
    #[serde(skip_serializing_if = "String::is_empty")]
    error: String,
}

impl From<DeliveryView> for DeliveryRecord {
    fn from(view: DeliveryView) -> Self {
        Self {
            id: view.number,
            target: view.target,
            alarm_id: view.alarm_id,
            notification_id: view.notification,
            attempts: view.attempts,
            next_attempt: view.due_at.to_string(),
            dead_since: view.dead_at.map(|at| at.to_string()),
            error: view.error,
        }
    }
}

/// List deliveries that have not succeeded yet
///
/// The list begins with the oldest. A delivery leaves it when it succeeds. After a dead letter, later notifications
/// about the same alarm wait for the same target: retry it, or give it up.
#[utoipa::path(
    get,
    path = path::ALARM_DELIVERIES,
    tag = "alarms",
    params(PageParams, DeliveryParams),
    responses(
        (status = 200, description = "The deliveries", body = [DeliveryRecord], headers(
            ("Continue" = String, description = "The token of the next page; absent on the last page"),
            ("Link" = String, description = "The URL of the next page (`rel=\"next\"`); absent on the last page"),
        ), example = json!([{
            "id": 3, "target": "oss", "alarmId": "019b7c2a-3f5e-7c11-8a4b-5d2f6e7a8b9c", "notificationId": 17, "attempts": 1,
            "nextAttempt": "2026-01-02T03:04:05Z", "deadSince": "2026-01-02T03:04:06Z", "error": "the target answered 400 Bad Request",
        }])),
    ),
)]
pub(crate) async fn list_deliveries(
    call: Call<(), Both<PageParams, DeliveryParams>>,
) -> Result<Response, ApiError> {
    let Both(page, DeliveryParams { target, dead }) = call.params;
    let target = target.map(|target| target.replace('\0', "\u{fffd}"));
    let filter = DeliveryFilter { target, dead, after: page.after()? };
    let limit = page.limit()?.unwrap_or(LIMIT);
    let page = call.api.app.alarms.deliveries(&call.request, &filter, limit).await?;
    let records: Vec<_> = page.deliveries.into_iter().map(DeliveryRecord::from).collect();
    Ok((page::next(call.uri.query(), page.next), GoJson(records)).into_response())
}

/// Retry a delivery now
#[utoipa::path(
    post,
    path = path::ALARM_DELIVERY_RETRY,
    tag = "alarms",
    params(("delivery" = i64, Path, description = "The delivery", example = 3)),
    responses((status = 204, description = "It is tried now, and then again as if it were new"), NoDelivery),
)]
pub(crate) async fn retry_delivery(call: Call<String>) -> Result<Response, ApiError> {
    call.api.app.alarms.retry_delivery(&call.request, number(&call.key)?).await?;
    Ok(NO_CONTENT.into_response())
}

/// Give up a delivery, such as a dead letter
///
/// Its target never gets it. Later notifications about the same alarm follow.
#[utoipa::path(
    delete,
    path = path::ALARM_DELIVERY,
    tag = "alarms",
    params(("delivery" = i64, Path, description = "The delivery", example = 3)),
    responses((status = 204, description = "It was given up"), NoDelivery),
)]
pub(crate) async fn discard_delivery(call: Call<String>) -> Result<Response, ApiError> {
    call.api.app.alarms.discard_delivery(&call.request, number(&call.key)?).await?;
    Ok(NO_CONTENT.into_response())
}

fn number(text: &str) -> Result<i64, ApiError> {
    text.parse().map_err(|_| NO_SUCH_DELIVERY.problem("the ID of a delivery is a number").into())
}
