//! `GET /v2/alarms/events`: notifications as server-sent events.

use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use bridge_core::AlarmFollowed;
use bridge_core::ports::StoreError;
use futures::StreamExt;
use serde_json::json;

use super::params::{ScopeParams, scope};
use crate::problem::ApiError;
use crate::wire::call::Call;
use crate::wire::params::invalid;
use crate::wire::path;
use crate::workflows::events::{LAST_EVENT_ID, are_wanted};

/// Interval of comments on a quiet stream: proxies close a connection without traffic, some of them after 15 s.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// How long a client waits before it connects to the next process.
const COME_BACK: Duration = Duration::from_secs(1);

/// Follow alarms
///
/// The stream has an event for each notification about an alarm that the caller may see. The name of an event is the
/// type of the notification, and its ID is that of the notification: with `Last-Event-ID`, the stream continues after
/// it, else it begins now. The request needs `Accept: text/event-stream`. After an event `notifyAlarmListRebuilt`,
/// notifications are missing: get the list again.
#[utoipa::path(
    get,
    path = path::ALARM_EVENTS,
    tag = "alarms",
    params(
        ScopeParams,
        ("Last-Event-ID" = Option<i64>, Header, description = "The last event that the client has received"),
    ),
    responses(
        (status = 200, description = "The stream", body = String, content_type = "text/event-stream", example = json!(
            "id: 17\nevent: notifyNewAlarm\ndata: {\"alarmId\":\"019b7c2a-3f5e-7c11-8a4b-5d2f6e7a8b9c\"}\n\n"
        )),
    ),
)]
pub(crate) async fn alarm_events(call: Call<(), ScopeParams>) -> Result<Response, ApiError> {
    if !are_wanted(&call.headers) {
        return Err(invalid("Accept", "does not have `text/event-stream`"));
    }
    let after = match call.headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or_default().parse()) {
        None => None,
        Some(Ok(after)) => Some(after),
        Some(Err(_)) => return Err(invalid("Last-Event-ID", "is not the ID of an event of this stream")),
    };
    let alarms = &call.api.app.alarms;
    let followed = alarms.follow(&call.request, &scope(call.params.scope.as_deref())?, after).await?;
    let base = alarms.base();
    let events = followed.map(move |item| event(item, &base));
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).text("keep-alive");
    Ok(Sse::new(events).keep_alive(keep_alive).into_response())
}

fn event(item: Result<AlarmFollowed, StoreError>, base: &str) -> Result<Event, axum::Error> {
    match item {
        Ok(AlarmFollowed::Notification(kept)) => {
            let event = Event::default().event(kept.notification.kind.word()).id(kept.number.to_string());
            event.json_data(kept.notification.record(base, kept.number))
        }
        Ok(AlarmFollowed::Rebuilt) => {
            let reason = json!({"reason": "notifications are missing: get the list again"});
            Event::default().event("notifyAlarmListRebuilt").json_data(reason)
        }
        Ok(AlarmFollowed::ComeBack) => Ok(Event::default()
            .retry(COME_BACK)
            .comment("this server stops; reconnect to continue without a gap")),
        Err(error) => Event::default().event("problem").json_data(ApiError::from(error).problem()),
    }
}
