//! Tests, clause by clause, whether a server is a workflow client as EMCO needs it.

use std::panic::Location;

use ::compliance::{Backstage, Report, Target, check};
use async_trait::async_trait;
use axum::Router;
use serde_json::Value;
use service::http::{CutOff, Options, serve};
use service::shutdown::Shutdown;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::{Listening, RecordedTemporal, StartFailure, TestServer};
use crate::Client;

/// What to test: workflow clients (`clients![…]`), a router, or the server at a URL.
#[derive(Debug)]
pub struct App {
    kind: Kind,
    client: Option<String>,
    spec: Option<Value>,
}

#[derive(Debug)]
enum Kind {
    Clients(Vec<Client>),
    Router(Router),
    Url(String),
}

impl App {
    fn new(kind: Kind) -> Self {
        Self { kind, client: None, spec: None }
    }

    /// Tests only this workflow client. Required for a router and for a URL.
    #[must_use]
    pub fn client(mut self, name: impl Into<String>) -> Self {
        self.client = Some(name.into());
        self
    }

    /// Sends this `spec.temporal` of an intent, for workflow clients that need parameters.
    #[must_use]
    pub fn spec(mut self, spec: Value) -> Self {
        self.spec = Some(spec);
        self
    }
}

impl<const N: usize> From<[Client; N]> for App {
    fn from(clients: [Client; N]) -> Self {
        Self::new(Kind::Clients(clients.into()))
    }
}

impl From<Router> for App {
    fn from(router: Router) -> Self {
        Self::new(Kind::Router(router))
    }
}

impl From<&str> for App {
    fn from(url: &str) -> Self {
        Self::new(Kind::Url(url.to_owned()))
    }
}

/// Asserts that a server is a workflow client as EMCO needs it: `assert_compliant(clients![migrate])`.
///
/// Each workflow client is tested by HTTP over a real socket, by the clauses of the package `compliance`. For
/// `clients![…]` all clauses apply: starts are recorded, Temporal is taken away, and the server is drained. For a
/// router, clauses that need Temporal do not apply. For a URL, only clauses about responses apply, and the workflows
/// are really started.
///
/// # Panics
/// When a clause fails, with the report on all of them.
#[track_caller]
pub fn assert_compliant(app: impl Into<App>) -> impl Future<Output = ()> {
    // Taken here because an async function does not see its caller.
    let (caller, app) = (Location::caller(), app.into());
    async move {
        for report in reports(app).await {
            assert!(report.passed(), "{caller}: not compliant:\n{report}");
        }
    }
}

async fn reports(App { kind, client, spec }: App) -> Vec<Report> {
    let target = |url: String, client: String| {
        let target = Target::new(url, client);
        spec.iter().fold(target, |target, spec| target.with_spec(spec.clone()))
    };
    match (kind, client) {
        (Kind::Clients(clients), chosen) => {
            let mut reports = Vec::new();
            let asked = |client: &&Client| chosen.as_deref().is_none_or(|chosen| chosen == client.name());
            for client in clients.iter().filter(asked) {
                // Each gets its own server, because the last clause ends it.
                let server = TestServer::new(clients.clone());
                let listening = server.listen().await;
                let queue = client.describe().task_queue;
                let target = target(listening.url(), client.name().to_owned());
                let target =
                    if queue.is_empty() { target } else { target.with_task_queue(queue.into_string()) };
                let behind = Behind::of(listening, Some(server.temporal().clone()));
                reports.push(report(target.with_backstage(behind)).await);
            }
            assert!(!reports.is_empty(), "there is no workflow client `{}`", chosen.unwrap_or_default());
            reports
        }
        (Kind::Router(router), Some(client)) => {
            let serve = |listener, shutdown: Shutdown| async move {
                serve(listener, router, &shutdown, Options::default()).await
            };
            let listening = Listening::start(serve).await;
            let target = target(listening.url(), client);
            vec![report(target.with_backstage(Behind::of(listening, None))).await]
        }
        (Kind::Url(url), Some(client)) => vec![report(target(url, client)).await],
        (Kind::Router(_) | Kind::Url(_), None) => {
            panic!("set the workflow client: `App::from(…).client(\"…\")`")
        }
    }
}

async fn report(target: Target) -> Report {
    match check(&target).await {
        Ok(report) => report,
        Err(error) => panic!("cannot test the server: {}", service::chain(&error)),
    }
}

/// The server under test, and what the clauses can do to it.
struct Behind {
    temporal: Option<RecordedTemporal>,
    shutdown: Shutdown,
    serving: Mutex<Option<JoinHandle<Result<(), CutOff>>>>,
}

impl Behind {
    fn of(Listening { shutdown, serving, .. }: Listening, temporal: Option<RecordedTemporal>) -> Self {
        Self { temporal, shutdown, serving: Mutex::new(Some(serving)) }
    }
}

#[async_trait]
impl Backstage for Behind {
    async fn runs(&self, workflow_id: &str) -> Option<usize> {
        self.temporal.as_ref().map(|temporal| temporal.runs(workflow_id))
    }

    async fn cut_temporal(&self, cut: bool) -> bool {
        let Some(temporal) = &self.temporal else { return false };
        if cut {
            temporal.fail(StartFailure::Unavailable)
        } else {
            temporal.recover()
        }
        true
    }

    async fn drain(&self) -> bool {
        self.shutdown.drain();
        true
    }

    async fn ended(&self) -> Result<(), String> {
        let Some(serving) = self.serving.lock().await.take() else { return Ok(()) };
        match serving.await {
            Ok(ended) => ended.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}
