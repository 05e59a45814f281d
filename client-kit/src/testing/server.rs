//! A server of workflow clients for tests, with a Temporal that records starts.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use service::http::CutOff;
use service::metrics::Metrics;
use service::shutdown::Shutdown;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower::ServiceExt;
use workflow_api::Started;

use super::RecordedTemporal;
use crate::{Client, Server, ServerOptions};

/// How long the server of a test may take to end.
const DRAIN: Duration = Duration::from_secs(10);

/// A server of workflow clients, and a Temporal that records what they start.
#[derive(Debug, Clone)]
pub struct TestServer {
    server: Server,
    temporal: RecordedTemporal,
}

impl TestServer {
    /// Creates a server of these clients.
    ///
    /// # Panics
    /// When two clients have the same name.
    #[track_caller]
    pub fn new(clients: impl IntoIterator<Item = Client>) -> Self {
        Self::with_options(clients, ServerOptions::default())
    }

    /// Creates a server of these clients with the given options.
    ///
    /// # Panics
    /// When two clients have the same name.
    #[track_caller]
    pub fn with_options(clients: impl IntoIterator<Item = Client>, options: ServerOptions) -> Self {
        let temporal = RecordedTemporal::new();
        match Server::new(clients, temporal.clone(), options) {
            Ok(server) => Self { server, temporal },
            Err(error) => panic!("{error}"),
        }
    }

    /// The Temporal that records the starts.
    #[must_use]
    pub fn temporal(&self) -> &RecordedTemporal {
        &self.temporal
    }

    /// The routes, for another server.
    pub fn router(&self) -> Router {
        self.server.router()
    }

    /// Returns the response to `POST /invoke/<client>` with this spec, without a socket. The request prefers a response
    /// with a body.
    ///
    /// # Panics
    /// When the name is not valid in a path, or the response is incomplete.
    pub async fn call(&self, client: &str, spec: Value) -> TestAnswer {
        let request = Request::post(format!("/invoke/{client}")).header("Prefer", "return=representation");
        match request.body(Body::from(spec.to_string())) {
            Ok(request) => self.send(request).await,
            Err(error) => panic!("`{client}` is not valid in a path: {error}"),
        }
    }

    /// Returns the response to any request, without a socket.
    ///
    /// # Panics
    /// When the response is incomplete.
    pub async fn send(&self, request: Request<Body>) -> TestAnswer {
        let Ok(response) = self.server.router().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let body = match to_bytes(body, usize::MAX).await {
            Ok(body) => String::from_utf8_lossy(&body).into_owned(),
            Err(error) => panic!("the response is incomplete: {error}"),
        };
        let json = serde_json::from_str(&body).unwrap_or_else(|_| json!(body));
        TestAnswer { status: parts.status, headers: parts.headers, body: json }
    }

    /// Serves on a free port of this machine, until it is drained.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn listen(&self) -> Listening {
        let server = self.server.clone();
        let metrics = Metrics::install("client-kit-testing", env!("CARGO_PKG_VERSION"));
        let serve = move |listener, shutdown: Shutdown| async move {
            server.serve(listener, &shutdown, metrics).await
        };
        Listening::start(serve).await
    }
}

/// A server on a real socket. It ends with the runtime of the test, if not before.
#[derive(Debug)]
pub struct Listening {
    address: SocketAddr,
    pub(super) shutdown: Shutdown,
    pub(super) serving: JoinHandle<Result<(), CutOff>>,
}

impl Listening {
    pub(super) async fn start<F>(serve: impl FnOnce(TcpListener, Shutdown) -> F) -> Self
    where
        F: Future<Output = Result<(), CutOff>> + Send + 'static,
    {
        let bound = TcpListener::bind("127.0.0.1:0").await;
        let (address, listener) = match bound.and_then(|listener| Ok((listener.local_addr()?, listener))) {
            Ok(bound) => bound,
            Err(error) => panic!("cannot listen: {error}"),
        };
        let shutdown = Shutdown::new(DRAIN);
        let serving = tokio::spawn(serve(listener, shutdown.clone()));
        Self { address, shutdown, serving }
    }

    /// The address on which it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as a URL, without TLS.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Drains the server: it finishes the requests in progress, and ends.
    pub fn drain(&self) {
        self.shutdown.drain();
    }

    /// Waits for the server to end.
    ///
    /// # Errors
    /// When requests were cut off.
    ///
    /// # Panics
    /// When the server panicked.
    pub async fn ended(self) -> Result<(), CutOff> {
        match self.serving.await {
            Ok(ended) => ended,
            Err(error) => panic!("the server panicked: {error}"),
        }
    }
}

/// A response.
#[derive(Debug, Clone, PartialEq)]
pub struct TestAnswer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON, or as text if it is not JSON.
    pub body: Value,
}

impl TestAnswer {
    /// Asserts that a workflow was started, or was already running, and returns it.
    ///
    /// # Panics
    /// When it was not, with the whole response.
    #[track_caller]
    pub fn assert_started(&self) -> Started {
        assert!(self.status.is_success(), "nothing was started: {self}");
        match serde_json::from_value(self.body.clone()) {
            Ok(started) => started,
            Err(error) => panic!("the response does not name what was started ({error}): {self}"),
        }
    }

    /// Asserts that the response is the problem of this status and code (README.md lists them).
    ///
    /// # Panics
    /// When it is another problem, or none, with the whole response.
    #[track_caller]
    pub fn assert_problem(&self, status: u16, code: &str) -> &Self {
        let is = (self.status.as_u16(), self.body["code"].as_str());
        assert!(is == (status, Some(code)), "expected the problem {status} `{code}`, got {self}");
        self
    }

    /// Returns the JSON paths of the faults in the response.
    #[must_use]
    pub fn fault_paths(&self) -> Vec<&str> {
        let faults = self.body["faults"].as_array();
        faults.into_iter().flatten().filter_map(|fault| fault["path"].as_str()).collect()
    }
}

impl fmt::Display for TestAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{:#}", self.status, self.body)
    }
}
