//! The server of workflow clients.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use service::auth::{Authenticator, BearerTokens};
use service::health::Health;
use service::http::{BodyLimits, CutOff, Options, Tls, operations, serve, standard};
use service::metrics::Metrics;
use service::shutdown::Shutdown;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use crate::client::Clients;
use crate::gate::gated;
use crate::http::{Invocations, routes};
use crate::invoke::{self, Invoker};
use crate::{Client, InvalidClient, Starter};

/// Bounds of a [`Server`], and whom it answers.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// How long a client's function and Temporal together may take to start a workflow: 10 s. So long may the body of a request take, too.
    pub start_budget: Duration,
    /// How large a body may be, in bytes: 2 MiB.
    pub body_limit: usize,
    /// How long new connections are still taken once the process drains: not at all.
    pub linger: Duration,
    /// How many requests are taken on at once, those of operators apart: 1000. What is over is refused with 503.
    pub max_requests: usize,
    /// The tokens of which a caller must send one, as `Authorization: Bearer …`: none. Operators need none for `/healthz`,
    /// `/readyz` and `/metrics`.
    pub bearer_tokens: Option<BearerTokens>,
    /// TLS for [`Server::serve`]: none. Where a certificate is optional in it, a caller who shows none must send a token, or is
    /// answered only what operators ask.
    pub tls: Option<Tls>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            start_budget: Duration::from_secs(10),
            body_limit: 2 << 20,
            linger: Duration::ZERO,
            max_requests: 1000,
            bearer_tokens: None,
            tls: None,
        }
    }
}

/// Serves workflow clients at `POST /invoke/<name>`.
#[derive(Debug, Clone)]
pub struct Server {
    invocations: Arc<Invocations>,
    options: ServerOptions,
}

impl Server {
    /// A server of these clients.
    ///
    /// # Errors
    /// When two of them have one name, or one reads parameters by something else than a JSON Schema.
    pub fn new(
        clients: impl IntoIterator<Item = Client>,
        starter: impl Starter,
        options: ServerOptions,
    ) -> Result<Self, InvalidClient> {
        let invoker = Invoker {
            starter: Arc::new(starter),
            budget: options.start_budget,
            under_way: TaskTracker::new(),
        };
        let invocations = Arc::new(Invocations { clients: Clients::new(clients)?, invoker });
        Ok(Self { invocations, options })
    }

    /// The routes, for tests and for servers of one's own: with the limits of [`ServerOptions`] and its bearer tokens. TLS, the
    /// certificates of callers, draining and the questions of operators are the server's.
    pub fn router(&self) -> Router {
        standard(self.routes(false), self.bodies())
    }

    /// A body is of no use once the time of a start is over.
    fn bodies(&self) -> BodyLimits {
        BodyLimits { size: self.options.body_limit, within: self.options.start_budget }
    }

    fn routes(&self, certificate: bool) -> Router {
        let tokens = self.options.bearer_tokens.clone();
        let authenticator = Authenticator { tokens, certificate, ..Authenticator::default() };
        gated(routes(Arc::clone(&self.invocations)), authenticator, self.options.max_requests)
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
        let ServerOptions { linger, tls, .. } = self.options.clone();
        let certificate = tls.as_ref().is_some_and(Tls::certificate_is_optional);
        let routes = self.routes(certificate).merge(operations(Health::new(shutdown), metrics));
        let options = Options { linger, tls, ..Options::default() };
        let served = serve(listener, standard(routes, self.bodies()), shutdown, options).await;
        let under_way = &self.invocations.invoker.under_way;
        under_way.close();
        tokio::select! {
            () = under_way.wait() => {}
            () = shutdown.stopped() => tracing::warn!(starts = under_way.len(), "starts were cut off"),
        }
        served
    }
}
