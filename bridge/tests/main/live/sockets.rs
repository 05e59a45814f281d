//! Requests on connections of their own: thousands at once, each closed when the test wants.

use harness::{Wire, WireAnswer};
use serde_json::Value;

/// A GET on a connection of its own. Dropping it closes the connection.
pub(super) struct Call(Wire);

impl Call {
    pub(super) async fn get(port: u16, path: &str, headers: &[(&str, &str)]) -> Self {
        let mut wire = Wire::connect(("127.0.0.1", port)).await.unwrap();
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!("GET {path} HTTP/1.1\r\nHost: bridge\r\nConnection: close\r\n{headers}\r\n");
        wire.send(head).await.unwrap();
        Self(wire)
    }

    /// Returns the response, once there is one. Until then it may be dropped, and requested again.
    pub(super) async fn ended(&mut self) -> WireAnswer {
        self.0.answer().await.unwrap()
    }

    /// Returns the response's status and body.
    pub(super) async fn answer(mut self) -> (u16, Value) {
        let answer = self.ended().await;
        (answer.status, serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}")))
    }

    /// Returns the next event of a stream, a block of lines; `None` at the end. Chunk sizes and the head are
    /// skipped.
    pub(super) async fn event(&mut self) -> Option<Event> {
        let mut event = Event::default();
        loop {
            let line = self.0.line().await.unwrap()?;
            match line.split_once(": ") {
                Some(("event", name)) => event.name = name.to_owned(),
                Some(("id", id)) => event.id = id.to_owned(),
                Some(("data", data)) => event.data = serde_json::from_str(data).unwrap(),
                Some(("retry", millis)) => event.retry = Some(millis.parse().unwrap()),
                _ if line.is_empty() && event != Event::default() => return Some(event),
                _ => {}
            }
        }
    }

    /// Returns all events up to the end of the stream.
    pub(super) async fn events(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.event().await {
            events.push(event);
        }
        events
    }
}

/// A server-sent event.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) data: Value,
    pub(super) retry: Option<u32>,
}
