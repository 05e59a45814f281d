//! A workflow as a stream of server-sent events.

use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use bridge_core::ports::{EngineError, RunEvent};
use bridge_core::{Addressee, FollowRequest, Followed, Position, Request};
use futures::{Stream, StreamExt};
use http::header::ACCEPT;
use http::{HeaderMap, HeaderName};
use serde::Serialize;

use crate::api::Api;
use crate::problem::ApiError;
use crate::wire::answer::NO_CONTENT;

/// The last event that a client has received.
pub(crate) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Interval of comments on a quiet stream: proxies close a connection without traffic, some of them after 15 s.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// How long a client waits before it connects to the next process.
const COME_BACK: Duration = Duration::from_secs(1);

/// Returns whether the caller accepts events.
pub(crate) fn are_wanted(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|range| {
            range.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/event-stream")
        })
}

/// Returns the stream, once the workflow was found.
pub(crate) async fn stream(
    api: &Arc<Api>,
    request: &Request,
    to: &Addressee,
    wanted: FollowRequest,
) -> Result<Response, ApiError> {
    // A browser reconnects after the end of a stream until it gets this response.
    if wanted.after.as_ref().is_some_and(|after| after.closed) {
        return Ok(NO_CONTENT.into_response());
    }
    let events = api.app.workflows.follow(request, to, wanted).await?;
    Ok(response(events))
}

fn response(events: impl Stream<Item = Result<Followed, EngineError>> + Send + 'static) -> Response {
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).text("keep-alive");
    Sse::new(written(events)).keep_alive(keep_alive).into_response()
}

fn written(
    events: impl Stream<Item = Result<Followed, EngineError>>,
) -> impl Stream<Item = Result<Event, axum::Error>> {
    events.map(|followed| match followed {
        Ok(Followed::State(status)) => event("state", &status),
        Ok(Followed::Event(happened)) => {
            Ok(event("history", &happened.json)?.id(position(&happened).to_string()))
        }
        Ok(Followed::Closed { status, at }) => Ok(event("closed", &status)?.id(at.to_string())),
        Ok(Followed::ComeBack) => Ok(Event::default()
            .retry(COME_BACK)
            .comment("this server stops; reconnect to continue without a gap")),
        Err(error) => event("problem", ApiError::from(error).problem()),
    })
}

fn event(name: &str, data: &impl Serialize) -> Result<Event, axum::Error> {
    Event::default().event(name).json_data(data)
}

fn position(event: &RunEvent) -> Position {
    Position { run_id: event.run_id.clone(), event_id: event.event_id, closed: false }
}

#[cfg(test)]
mod tests {
    use futures::stream::pending;
    use http::HeaderValue;
    use tokio::time::{Instant, timeout};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_quiet_stream_has_a_comment_within_15_seconds() {
        let mut body = response(pending()).into_body().into_data_stream();
        for _ in 0..3 {
            let since = Instant::now();
            let comment = timeout(Duration::from_secs(15), body.next()).await.unwrap().unwrap().unwrap();
            assert_eq!(comment, ": keep-alive\n\n");
            assert!(since.elapsed() < Duration::from_secs(15));
        }
    }

    #[test]
    fn events_go_to_those_who_accept_them() {
        for (accept, wanted) in [
            ("text/event-stream", true),
            ("application/json;q=0.5, Text/Event-Stream; q=1", true),
            ("*/*", false),
            ("application/json", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(are_wanted(&headers), wanted, "{accept}");
        }
    }
}
