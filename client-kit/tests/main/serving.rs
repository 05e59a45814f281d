//! A server of the test clients, in this process, on a free port.

use std::net::SocketAddr;
use std::time::Duration;

use client_kit::testing::RecordedTemporal;
use client_kit::{Client, InvalidClient, Server, ServerOptions, Starter, TemporalStarter};
use harness::http;
use reqwest::{Body, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use service::http::CutOff;
use service::metrics::Metrics;
use service::shutdown::Shutdown;
use temporal::{TemporalConnection, TemporalTarget};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The longest time that a test waits.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// A server for tests.
pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    pub(crate) done: JoinHandle<Result<(), CutOff>>,
}

impl Serving {
    /// Serves, and starts workflows on this Temporal.
    pub(crate) async fn at(temporal: &str, start_budget: Duration) -> Self {
        Self::with(starter(temporal), start_budget).await
    }

    /// Serves, and starts workflows by this starter.
    pub(crate) async fn with(starter: impl Starter, start_budget: Duration) -> Self {
        Self::with_options(starter, ServerOptions { start_budget, ..ServerOptions::default() }).await
    }

    /// Serves and starts nothing. Returns the requests too.
    pub(crate) async fn recorded() -> (Self, RecordedTemporal) {
        let temporal = RecordedTemporal::new();
        (Self::with_options(temporal.clone(), ServerOptions::default()).await, temporal)
    }

    pub(crate) async fn with_options(starter: impl Starter, options: ServerOptions) -> Self {
        let server = Server::new(crate::clients::all(), starter, options).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::new(LIMIT);
        let ours = shutdown.clone();
        let metrics = Metrics::install("client-kit-tests", "0");
        let done = tokio::spawn(async move { server.serve(listener, &ours, metrics).await });
        Self { address, shutdown, done }
    }

    /// Serves, and starts workflows on the Temporal that all tests share.
    pub(crate) async fn shared() -> Self {
        Self::at(harness::TemporalServer::shared().await.unwrap().address(), Duration::from_secs(10)).await
    }

    /// Serves without a Temporal.
    pub(crate) async fn alone() -> Self {
        Self::at(&format!("127.0.0.1:{}", harness::free_port()), Duration::from_secs(10)).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn post(&self, client: &str, body: impl Into<Body>) -> RequestBuilder {
        http().post(self.url(&format!("/invoke/{client}"))).body(body)
    }

    /// Starts a workflow, and prefers a response with a body.
    pub(crate) async fn start(&self, client: &str, options: Value) -> Answer {
        answer(self.post(client, body(options)).header("Prefer", "return=representation")).await
    }
}

/// A server that gets no requests.
pub(crate) fn server(clients: impl IntoIterator<Item = Client>) -> Result<Server, InvalidClient> {
    Server::new(clients, starter("127.0.0.1:1"), ServerOptions::default())
}

pub(crate) fn starter(temporal: &str) -> TemporalStarter {
    TemporalStarter::new(TemporalConnection::new(TemporalTarget::new(temporal, "default").unwrap()))
}

/// The body of a start with these options.
pub(crate) fn body(options: Value) -> String {
    json!({"workflowStartOptions": options}).to_string()
}

/// Status, headers, and the body as JSON.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Returns the run that was started or found.
    #[track_caller]
    pub(crate) fn run(&self) -> String {
        assert_eq!(self.status, 201, "{self:?}");
        self.body["runID"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub(crate) fn assert_problem(&self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), self.body["code"].as_str()), (status, Some(code)), "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    read(request.send().await.unwrap()).await
}

async fn read(response: Response) -> Answer {
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
    Answer { status, headers, body }
}
