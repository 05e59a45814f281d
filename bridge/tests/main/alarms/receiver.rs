//! A receiver on a socket of its own, which records its requests and can misbehave.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use harness::eventually;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;

/// The longest time that a test waits.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// What it does with a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reply {
    /// Responds with this status.
    Status(u16),
    /// Responds with 429 and asks to be left alone for this many seconds.
    Busy(u64),
    /// Never responds.
    Hang,
}

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether it was answered with success.
    pub(crate) taken: bool,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Debug, Default)]
struct Script {
    got: Vec<Got>,
    replies: VecDeque<Reply>,
    otherwise: Option<Reply>,
}

/// A receiver.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    pub(crate) port: u16,
    script: Arc<Mutex<Script>>,
}

impl Receiver {
    /// Starts one that gives these replies, and then 204 to everything.
    pub(crate) async fn new(replies: &[Reply]) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), replies, None)
    }

    /// Starts one that always gives this reply.
    pub(crate) async fn always(reply: Reply) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), &[], Some(reply))
    }

    pub(crate) fn on(listener: TcpListener, replies: &[Reply], otherwise: Option<Reply>) -> Self {
        let port = listener.local_addr().unwrap().port();
        let script = Script { replies: replies.iter().copied().collect(), otherwise, ..Script::default() };
        let script = Arc::new(Mutex::new(script));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { port, script }
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.script.lock().unwrap().got.clone()
    }

    /// Returns the requests that it took, as soon as there are so many.
    pub(crate) async fn takes(&self, number: usize) -> Vec<Got> {
        eventually(SOON, "the receiver has the notifications", async || {
            let taken: Vec<_> = self.got().into_iter().filter(|got| got.taken).collect();
            if taken.len() >= number { Ok(taken) } else { Err(format!("{} of {number}", taken.len())) }
        })
        .await
    }

    /// Returns an entry for the file of targets.
    pub(crate) fn target(&self, name: &str, format: &str, more: &str) -> String {
        let port = self.port;
        format!(
            "[[target]]\nname = \"{name}\"\nurl = \"http://127.0.0.1:{port}/in\"\nformat = \"{format}\"\n{more}\n"
        )
    }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, headers: HeaderMap, body: Bytes) -> Response {
    let reply = {
        let mut script = script.lock().unwrap();
        let otherwise = script.otherwise.unwrap_or(Reply::Status(204));
        let reply = script.replies.pop_front().unwrap_or(otherwise);
        let taken = matches!(reply, Reply::Status(200..300));
        script.got.push(Got { headers, body, taken });
        reply
    };
    match reply {
        Reply::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Reply::Busy(seconds) => {
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds.to_string())]).into_response()
        }
        Reply::Hang => std::future::pending().await,
    }
}
