//! The server of workflow clients.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use service::health::Health;
use service::http::{CutOff, operations, serve, standard};
use service::metrics::Metrics;
use service::shutdown::Shutdown;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use crate::client::Clients;
use crate::http::{Invocations, routes};
use crate::invoke::{self, Invoker};
use crate::{Client, DuplicateClient, Starter};

/// Bounds of a [`Server`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerOptions {
    /// How long a client's function and Temporal together may take to start a workflow: 10 s.
    pub start_budget: Duration,
    /// How large a body may be, in bytes: 2 MiB.
    pub body_limit: usize,
    /// How long new connections are still taken once the process drains: not at all.
    pub linger: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self { start_budget: Duration::from_secs(10), body_limit: 2 << 20, linger: Duration::ZERO }
    }
}

/// Serves workflow clients at `POST /invoke/<name>`.
#[derive(Debug, Clone)]
pub struct Server {
    invocations: Arc<Invocations>,
    body_limit: usize,
    linger: Duration,
}

impl Server {
    /// A server of these clients.
    ///
    /// # Errors
    /// When two of them have one name.
    pub fn new(
        clients: impl IntoIterator<Item = Client>,
        starter: impl Starter,
        options: ServerOptions,
    ) -> Result<Self, DuplicateClient> {
        let invoker = Invoker {
            starter: Arc::new(starter),
            budget: options.start_budget,
            under_way: TaskTracker::new(),
        };
        let invocations = Arc::new(Invocations { clients: Clients::new(clients)?, invoker });
        Ok(Self { invocations, body_limit: options.body_limit, linger: options.linger })
    }

    /// The routes, for tests and for servers of one's own.
    pub fn router(&self) -> Router {
        standard(routes(Arc::clone(&self.invocations)), self.body_limit)
    }

    /// Serves until the process drains, `/healthz`, `/readyz` and `/metrics` too; then until what is under way is done,
    /// also the starts whose callers have hung up.
    ///
    /// The process is ready until it drains. It does not ask after Temporal: all replicas use the same, so taking them out
    /// of rotation would only turn a 503 that says why into a refused connection.
    ///
    /// # Errors
    /// When the drain deadline came first.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: &Shutdown,
        metrics: Metrics,
    ) -> Result<(), CutOff> {
        invoke::describe();
        let routes = routes(Arc::clone(&self.invocations)).merge(operations(Health::new(shutdown), metrics));
        let options = service::http::Options { linger: self.linger, ..service::http::Options::default() };
        let served = serve(listener, standard(routes, self.body_limit), shutdown, options).await;
        let under_way = &self.invocations.invoker.under_way;
        under_way.close();
        tokio::select! {
            () = under_way.wait() => {}
            () = shutdown.stopped() => tracing::warn!(starts = under_way.len(), "starts were cut off"),
        }
        served
    }
}
