//! The process: its parts put together, served, and taken down in order.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use metrics::{Unit, describe_counter, describe_gauge, gauge};
use service::files::FileError;
use service::health::Health;
use service::http::{CutOff, Guard, Limits, Options, Tls, guarded, limited, operations, standard};
use service::metrics::Metrics;
use service::shutdown::Shutdown;
use temporal::{TemporalConnections, TemporalTarget};
use tokio::net::TcpListener;

use crate::app::{self, App, OPEN_STREAMS, OPEN_WAITS, STARTS, Targets};
use crate::config::Settings;
use crate::http;
use crate::invoke::HttpInvoke;
use crate::parents::{self, ParentsError};
use crate::storage::{self, DatabaseUrl, StoreError};
use crate::temporal::{Bounds, Engine, Escalations, Resolve, TemporalEngine};

/// No intent is anywhere near this.
const MAX_BODY: usize = 2 << 20;

/// Connections to the database.
const CONNECTIONS: &str = "bridge_database_connections";

/// A bridge that is ready to serve.
#[derive(Debug)]
pub struct Bridge {
    app: Arc<App>,
    http: http::Settings,
    escalations: Option<Escalations>,
    limits: Limits,
    guard: Guard,
    linger: Duration,
    tls: Option<Tls>,
}

/// Why there is no bridge.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The database cannot be used.
    #[error("BRIDGE_DATABASE cannot be used")]
    Database(#[from] StoreError),
    /// Calls to workflow clients cannot be made.
    #[error("the HTTP client for workflow clients cannot be set up")]
    Http(#[from] reqwest::Error),
    /// A file of TLS or of tokens does not do.
    #[error(transparent)]
    File(#[from] FileError),
    /// EMCO cannot be asked.
    #[error("EMCO cannot be asked for deployment intent groups")]
    Parents(#[from] ParentsError),
}

impl Bridge {
    /// Opens the database and puts the parts together. Temporal is not needed yet.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn open(
        settings: &Settings,
        temporal: TemporalTarget,
        shutdown: &Shutdown,
    ) -> Result<Self, OpenError> {
        let connections = TemporalConnections::default();
        let mut engine = TemporalEngine::new(connections.clone(), Bounds::default());
        let escalations = settings.escalation.then(|| Escalations::new(connections, temporal.clone()));
        if let Some(escalations) = &escalations {
            engine = engine.with_escalations(escalations.clone());
        }
        let bridge = Self::with_engine(settings, temporal, Arc::new(engine), shutdown).await?;
        Ok(Self { escalations, ..bridge })
    }

    /// The same, with another engine than Temporal over gRPC.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn with_engine(
        settings: &Settings,
        temporal: TemporalTarget,
        engine: Arc<dyn Engine>,
        shutdown: &Shutdown,
    ) -> Result<Self, OpenError> {
        let (tls, guard) = settings.secure.load()?;
        if settings.database == DatabaseUrl::SqliteMemory {
            tracing::warn!(
                "BRIDGE_DATABASE is in memory: every intent and run is lost when this process ends"
            );
        }
        let store = storage::open(&settings.database, settings.database_connections).await?;
        let clients = &settings.clients;
        let invoke = HttpInvoke::new(clients.client_hosts.clone(), clients.start_timeout)?
            .with_secured(clients.clients.clone().unwrap_or_default(), clients.start_timeout)?;
        tracing::info!(temporal = temporal.address(), namespace = temporal.namespace(), "bridge set up");
        let app = App {
            store,
            engine,
            invoke: Arc::new(invoke),
            parents: parents::open(&settings.emco)?,
            targets: Targets {
                default: temporal,
                registered: settings.others.targets.clone().unwrap_or_default(),
                allowed: settings.others.temporal_servers.clone(),
                namespaces: settings.others.temporal_namespaces.clone(),
            },
            limits: app::Limits {
                start: settings.clients.start_timeout,
                client_check: settings.clients.client_check,
                key_kept: settings.clients.key_retention,
                wait: settings.waits.wait,
                max_wait: settings.waits.max_wait,
            },
            escalates: settings.escalation,
            shutdown: shutdown.clone(),
        };
        let http = http::Settings {
            user_header: settings.user_header.clone(),
            success_status: settings.clients.success_status.clone(),
            temporal_ui: settings.temporal_ui_url.clone(),
        };
        let limits = Limits {
            requests: settings.load.max_requests,
            waits: settings.load.max_waits,
            is_wait: http::is_wait,
            changes: NonZeroU32::new(settings.load.max_changes),
            caller: Some(settings.user_header.clone()),
        };
        Ok(Self { app: Arc::new(app), http, escalations: None, limits, guard, linger: settings.linger, tls })
    }

    /// The use cases, for callers in this process.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Serves until the process drains; then finishes starts under way and lets go of the database.
    ///
    /// # Errors
    /// When requests were still under way at the drain deadline.
    pub async fn serve(mut self, listener: TcpListener) -> Result<(), CutOff> {
        if let Some(escalations) = self.escalations.take() {
            self.keep(escalations);
        }
        let shutdown = &self.app.shutdown;
        let router = self.router();
        // In the background: what an earlier life left open must not keep this one from serving.
        let app = Arc::clone(&self.app);
        shutdown.spawn(async move { app.keep_starts().await });
        let options = Options { linger: self.linger, tls: self.tls.clone(), ..Options::default() };
        let served = service::http::serve(listener, router, shutdown, options).await;
        shutdown.finished().await;
        self.app.store.close().await;
        served
    }

    /// Ends runs later, in the background.
    fn keep(&self, escalations: Escalations) {
        let (engine, shutdown, targets) =
            (Arc::clone(&self.app.engine), self.app.shutdown.clone(), self.app.targets.clone());
        let resolve: Resolve = Arc::new(move |server, namespace| {
            targets.resolve(server, namespace.as_str()).map_err(|error| error.to_string())
        });
        self.app.shutdown.spawn(escalations.keep(engine, resolve, shutdown));
    }

    /// The whole of what is served: the API, and what operators ask.
    fn router(&self) -> Router {
        let metrics = Metrics::install("bridge", env!("CARGO_PKG_VERSION"));
        describe_counter!(STARTS, Unit::Count, "Starts that were settled, by intent and outcome");
        describe_gauge!(OPEN_WAITS, "Callers who wait for the end of a run");
        describe_gauge!(OPEN_STREAMS, "Callers who follow the events of a workflow");
        describe_gauge!(CONNECTIONS, "Connections to the database, by pool and state");
        let store = Arc::clone(&self.app.store);
        let metrics = metrics.with_sample(move || {
            for pool in store.pools() {
                gauge!(CONNECTIONS, "pool" => pool.name, "state" => "busy").set(pool.busy as f64);
                gauge!(CONNECTIONS, "pool" => pool.name, "state" => "idle").set(pool.idle as f64);
            }
        });
        let store = Arc::clone(&self.app.store);
        // Temporal is no condition: without it intents can be kept all the same, and each call says that it is away.
        let health = Health::new(&self.app.shutdown).with_check("database", move || {
            let store = Arc::clone(&store);
            async move { store.ping().await }
        });
        let api = http::router(Arc::clone(&self.app), self.http.clone());
        let api = guarded(limited(api, self.limits.clone()), self.guard.clone());
        standard(api.merge(operations(health, metrics)), MAX_BODY)
    }
}
