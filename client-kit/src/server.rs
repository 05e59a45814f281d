//! The server of workflow clients.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use service::auth::{Authenticator, BearerTokens, Issuers, Networks, Subjects};
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

/// Limits of a [`Server`], and how it authenticates callers.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// How long a start may take, including the client's function and Temporal. Default: 10 s. It also limits the time
    /// for reading the body of a request.
    pub start_budget: Duration,
    /// Largest body of a request, in bytes. Default: 2 MiB.
    pub body_limit: usize,
    /// How long to accept new connections after the process begins to drain. Default: not at all.
    pub linger: Duration,
    /// Most requests at the same time, without those for `/healthz`, `/readyz` and `/metrics`. Further requests are
    /// refused with 503. Default: 1000.
    pub max_requests: usize,
    /// Who may call. Default: everybody.
    pub callers: Callers,
    /// TLS for [`Server::serve`]. If client certificates are optional, a caller without one must send a token, except
    /// for `/healthz`, `/readyz` and `/metrics`. Default: no TLS.
    pub tls: Option<Tls>,
}

/// Whom a [`Server`] accepts. If there are tokens or issuers, callers must send a bearer token
/// (`Authorization: Bearer …`), except for `/healthz`, `/readyz` and `/metrics`.
#[derive(Debug, Clone, Default)]
pub struct Callers {
    /// The tokens of named callers.
    pub bearer_tokens: Option<BearerTokens>,
    /// The issuers whose tokens (JWT) are accepted.
    pub issuers: Option<Issuers>,
    /// The networks from which callers are accepted that send no token.
    pub anonymous: Networks,
    /// Who of them may call; others get 403. If it is empty, all of them may.
    pub callers: Subjects,
    /// The callers that are bridges: they are believed on whose behalf they call (header `emco-caller`). By default
    /// nobody is.
    pub trusted_bridges: Subjects,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            start_budget: Duration::from_secs(10),
            body_limit: 2 << 20,
            linger: Duration::ZERO,
            max_requests: 1000,
            callers: Callers::default(),
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
    /// Creates a server of these clients.
    ///
    /// # Errors
    /// When two clients have the same name, or the schema of a client's parameters is not a valid JSON Schema.
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
        let trusted_bridges = options.callers.trusted_bridges.clone();
        let invocations = Arc::new(Invocations { clients: Clients::new(clients)?, invoker, trusted_bridges });
        Ok(Self { invocations, options })
    }

    /// Returns the routes, for tests and for your own server: with the limits and the bearer tokens of
    /// [`ServerOptions`]. TLS, client certificates, draining, `/healthz`, `/readyz` and `/metrics` are up to that
    /// server.
    pub fn router(&self) -> Router {
        standard(self.routes(false), self.bodies())
    }

    /// A body that arrives after the start budget is over is of no use.
    fn bodies(&self) -> BodyLimits {
        BodyLimits { size: self.options.body_limit, within: self.options.start_budget }
    }

    fn routes(&self, certificate: bool) -> Router {
        let Callers { bearer_tokens: tokens, issuers, anonymous, callers, trusted_bridges: _ } =
            self.options.callers.clone();
        let authenticator =
            Authenticator { tokens, issuers, anonymous, certificate, ..Authenticator::default() };
        gated(routes(Arc::clone(&self.invocations)), authenticator, callers, self.options.max_requests)
    }

    /// Serves until the process drains, also `/healthz`, `/readyz` and `/metrics`. Then waits for the requests in
    /// progress and for starts whose callers have hung up.
    ///
    /// The process is ready until it drains. Readiness does not depend on Temporal: all replicas use the same server,
    /// so taking them out of rotation would only replace a 503 that gives the reason by a refused connection.
    ///
    /// # Errors
    /// When the drain deadline passes first.
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
            () = shutdown.stopped() => tracing::warn!(starts = under_way.len(), "starts were cut off by the shutdown"),
        }
        served
    }
}
