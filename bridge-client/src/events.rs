//! Streams of server-sent events, which go on after an interruption.

use std::pin::Pin;
use std::time::Duration;

use eventsource_stream::{EventStreamError, Eventsource};
use futures::{Stream, StreamExt, TryStreamExt};
use reqwest::header::{ACCEPT, HeaderName};
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;
use tokio::time::{sleep, timeout};

use crate::call::{Call, failed};
use crate::error::Error;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const EVENT_STREAM: &str = "text/event-stream";

/// A stream without even a comment for this long is lost: the bridge sends one every 10 s.
const SILENCE: Duration = Duration::from_secs(45);
/// The pauses before connections, after the first: then the stream ends with the error.
const PAUSES: [u64; 6] = [1, 2, 4, 8, 15, 30];

/// The value of an operation that returns events only.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct EventsOnly;

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The kind: `state`, `history`, `closed` or `problem` about a workflow; the type of a notification about alarms.
    pub kind: String,
    /// The JSON, as the bridge has sent it.
    pub data: String,
    /// Where the stream goes on after this event.
    pub id: String,
}

impl Event {
    /// Reads the JSON.
    ///
    /// # Errors
    /// When it is not that of a `T`.
    pub fn value<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.data)
    }
}

type Source = Pin<Box<dyn Stream<Item = Result<Event, Error>> + Send>>;

/// Events, as they come.
///
/// After an interruption the stream is asked for again from the last event on, several times within a minute. Where
/// nothing was missed, nothing is to be seen of it.
pub struct Events {
    call: Call<EventsOnly>,
    source: Option<Source>,
    /// The last event.
    last: String,
    /// The number of failures since then.
    failures: usize,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").field("call", &self.call).field("last", &self.last).finish_non_exhaustive()
    }
}

impl<T> Call<T> {
    /// Sends the call, and returns the events of its response: those of a workflow
    /// ([`Bridge::intent_status`](crate::Bridge::intent_status)), or of alarms
    /// ([`Bridge::alarm_events`](crate::Bridge::alarm_events)).
    ///
    /// # Errors
    /// [`Error`] when the bridge refuses the call, or cannot be reached.
    pub async fn events(self) -> Result<Events, Error> {
        self.events_after("").await
    }

    /// Sends the call, and returns the events after the one with this ID.
    ///
    /// # Errors
    /// As [`events`](Self::events).
    pub async fn events_after(self, last: &str) -> Result<Events, Error> {
        let call = self.header(ACCEPT, EVENT_STREAM).read_as();
        let mut events = Events { call, source: None, last: last.to_owned(), failures: 0 };
        events.connect().await?;
        Ok(events)
    }
}

impl Events {
    /// Returns the next event. `None` after the end of the workflow, for which the last event is `closed`, or after
    /// the event `problem`.
    ///
    /// # Errors
    /// [`Error`] when the bridge refuses to continue, or cannot be reached for about a minute.
    pub async fn next(&mut self) -> Result<Option<Event>, Error> {
        loop {
            let Some(source) = &mut self.source else { return Ok(None) };
            let failure = match source.next().await {
                Some(Ok(event)) => {
                    self.failures = 0;
                    if !event.id.is_empty() {
                        self.last.clone_from(&event.id);
                    }
                    if matches!(event.kind.as_str(), "closed" | "problem") {
                        self.source = None;
                    }
                    return Ok(Some(event));
                }
                Some(Err(error)) => Some(error),
                // The process that served the stream stops, and another goes on.
                None => None,
            };
            self.reconnect(failure).await?;
        }
    }

    async fn reconnect(&mut self, mut failure: Option<Error>) -> Result<(), Error> {
        loop {
            let Some(pause) = PAUSES.get(self.failures) else {
                self.source = None;
                return failure.map_or(Ok(()), Err);
            };
            self.failures += 1;
            sleep(Duration::from_secs(*pause)).await;
            match self.connect().await {
                Ok(()) => return Ok(()),
                Err(error) if may_pass(&error) => failure = Some(error),
                Err(error) => {
                    self.source = None;
                    return Err(error);
                }
            }
        }
    }

    async fn connect(&mut self) -> Result<(), Error> {
        let call = self.call.clone();
        let call = if self.last.is_empty() { call } else { call.header(LAST_EVENT_ID, &self.last) };
        let endpoint = call.endpoint()?;
        let response = timeout(SILENCE, call.response(None)).await;
        let response =
            response.map_err(|_late| Error::Silent { endpoint: endpoint.clone(), within: SILENCE })??;
        // All events have been seen.
        self.source = (response.status() != StatusCode::NO_CONTENT).then(|| source(endpoint, response));
        Ok(())
    }
}

fn source(endpoint: String, response: Response) -> Source {
    let silent = endpoint.clone();
    let chunks = futures::stream::try_unfold(response, move |mut response| {
        let (endpoint, silent) = (endpoint.clone(), silent.clone());
        async move {
            let chunk = timeout(SILENCE, response.chunk()).await;
            let chunk = chunk.map_err(|_late| Error::Silent { endpoint: silent, within: SILENCE })?;
            let chunk = chunk.map_err(|source| failed(endpoint, source))?;
            Ok::<_, Error>(chunk.map(|chunk| (chunk, response)))
        }
    });
    let events = chunks.eventsource().map_err(|error| match error {
        EventStreamError::Transport(error) => error,
        other => Error::Unexpected {
            endpoint: EVENT_STREAM.to_owned(),
            status: StatusCode::OK,
            reason: other.to_string(),
        },
    });
    Box::pin(events.map_ok(|event| Event { kind: event.event, data: event.data, id: event.id }))
}

/// Returns whether a later call can succeed.
fn may_pass(error: &Error) -> bool {
    match error {
        Error::Unreachable { .. } | Error::Interrupted { .. } | Error::Silent { .. } => true,
        // A proxy answers so while the bridge behind it starts.
        Error::Unexpected { status, .. } => status.is_server_error(),
        other => other.status().is_some_and(|status| status == 429 || status >= 500),
    }
}
