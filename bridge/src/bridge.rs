//! The process: builds its parts, serves, and stops them in order.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use bridge_clients::{EmcoParents, HttpClients, HttpClientsError, ParentsError};
use bridge_core::access::{Access, Gate, Open};
use bridge_core::model::{Running, Target};
use bridge_core::ports::{Engine, Scheduler, StoreError as StoreFault, Targets, Watch};
use bridge_core::{
    App, Clock, Limits as TimeLimits, OPEN_STREAMS, OPEN_WAITS, Parts, STARTS, SystemClock, Tasks,
};
use bridge_http::Api;
use bridge_login::Logins;
use bridge_notify::{Dispatcher, NOTIFICATIONS};
use bridge_store::{Database, DatabaseUrl, OpenError as StoreError};
use bridge_temporal::{
    Bounds, Escalations, Servers, TargetsFileError, TemporalEngine, TemporalScheduler, TemporalTargets,
    TemporalWatch,
};
use bridge_ui::Ui;
use metrics::{Unit, describe_counter, describe_gauge, gauge};
use service::auth::{Authenticator, Sessions, authenticated};
use service::files::{FileError, SettingFile};
use service::health::Health;
use service::http::{CutOff, Limits, Options, Tls, limited, operations, standard};
use service::metrics::Metrics;
use service::outbound::Resolver;
use service::shutdown::Shutdown;
use temporal::TemporalTarget;
use tokio::net::TcpListener;

use crate::audit::{AuditError, Upkeep};
use crate::config::Settings;
use crate::login::LoginError;
use crate::rights::{NoRights, RightsGate};

/// More than any intent needs.
const MAX_BODY: usize = 2 << 20;

/// The gauge of connections to the database.
const CONNECTIONS: &str = "bridge_database_connections";
/// The gauge of changed rights that cannot be used.
const RIGHTS_BROKEN: &str = "bridge_rights_broken";

/// A bridge that is ready to serve.
#[derive(Debug)]
pub struct Bridge {
    parts: Parts,
    api: Arc<Api>,
    ui: Arc<Ui>,
    shutdown: Shutdown,
    /// `None` if the bridge has no workers of its own.
    own_work: Option<OwnWork>,
    audit: Arc<Upkeep>,
    limits: Limits,
    authenticator: Authenticator,
    notify: Dispatcher,
    /// `None` if nobody logs in with a browser.
    logins: Option<Logins>,
    /// `None` if every caller may do everything.
    rights: Option<Arc<RightsGate>>,
    linger: Duration,
    tls: Option<Tls>,
}

/// What the bridge works on in its own Temporal.
#[derive(Debug)]
struct OwnWork {
    escalations: Escalations,
    scheduler: TemporalScheduler,
    watch: TemporalWatch,
}

/// Why the bridge could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database cannot be used.
    #[error("BRIDGE_DATABASE cannot be used")]
    Database(#[from] StoreError),
    /// The database does not respond.
    #[error("BRIDGE_DATABASE cannot be read")]
    Read(#[from] StoreFault),
    /// The registered Temporal servers cannot be used.
    #[error("BRIDGE_TARGETS cannot be used: {0}")]
    Targets(#[from] TargetsFileError),
    /// Workflow clients cannot be called.
    #[error(transparent)]
    Clients(#[from] HttpClientsError),
    /// A file of certificates, keys or tokens cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// Callers are authenticated, but have no rights.
    #[error(transparent)]
    NoRights(#[from] NoRights),
    /// Nobody could log in with a browser.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The audit cannot be kept.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The HTTP client for EMCO cannot be built.
    #[error("EMCO cannot be asked for deployment intent groups")]
    Parents(#[from] ParentsError),
}

impl Bridge {
    /// Opens the database and builds the parts. Temporal is not needed yet.
    ///
    /// # Errors
    /// Returns an error if the database or a file of the settings cannot be used.
    pub async fn open(
        settings: &Settings,
        temporal: TemporalTarget,
        shutdown: &Shutdown,
    ) -> Result<Self, OpenError> {
        let servers = Servers::new(targets(settings, temporal)?, Arc::new(SystemClock));
        let (bounds, clock) = (Bounds::default(), Arc::new(SystemClock));
        let targets = Arc::clone(servers.targets());
        let store = store(settings).await?;
        let engine = TemporalEngine::new(servers.clone(), bounds);
        if !settings.escalation {
            return Self::with_parts(settings, targets, Arc::new(engine), None, store, clock, shutdown).await;
        }
        let escalations = Escalations::new(servers.clone());
        let engine = Arc::new(engine.with_escalations(escalations.clone()));
        let installation = store.installation().await?;
        let scheduler = TemporalScheduler::new(servers.clone(), bounds, &installation);
        let watch = TemporalWatch::new(servers, bounds, &installation);
        let own_work = OwnWork { escalations, scheduler, watch };
        let own = Some(&own_work);
        let bridge = Self::with_parts(settings, targets, engine, own, store, clock, shutdown).await?;
        Ok(Self { own_work: Some(own_work), ..bridge })
    }

    /// Builds the parts with another engine than Temporal.
    ///
    /// # Errors
    /// Returns an error if the database or a file of the settings cannot be used.
    pub async fn with_engine(
        settings: &Settings,
        temporal: TemporalTarget,
        engine: Arc<dyn Engine>,
        shutdown: &Shutdown,
    ) -> Result<Self, OpenError> {
        Self::with_clock(settings, temporal, engine, Arc::new(SystemClock), shutdown).await
    }

    /// Builds the parts with another engine and another clock.
    ///
    /// # Errors
    /// Returns an error if the database or a file of the settings cannot be used.
    pub async fn with_clock(
        settings: &Settings,
        temporal: TemporalTarget,
        engine: Arc<dyn Engine>,
        clock: Arc<dyn Clock>,
        shutdown: &Shutdown,
    ) -> Result<Self, OpenError> {
        let targets = Arc::new(targets(settings, temporal)?);
        Self::with_parts(settings, targets, engine, None, store(settings).await?, clock, shutdown).await
    }

    async fn with_parts(
        settings: &Settings,
        targets: Arc<dyn Targets>,
        engine: Arc<dyn Engine>,
        own_work: Option<&OwnWork>,
        store: Arc<dyn Database>,
        clock: Arc<dyn Clock>,
        shutdown: &Shutdown,
    ) -> Result<Self, OpenError> {
        let (tls, mut authenticator) = settings.secure.load()?;
        let rights = rights(settings)?;
        let gate: Arc<dyn Gate> = match &rights {
            Some(rights) => Arc::clone(rights) as Arc<dyn Gate>,
            None => Arc::new(Open),
        };
        let audit = Upkeep::open(&settings.audit, store.clone(), clock.clone())?;
        let tasks = Tasks { tracker: shutdown.tasks(), draining: shutdown.token() };
        let (clients, emco) = (&settings.clients, &settings.emco);
        let secured = clients.clients.as_ref().map(|file| SettingFile::of("BRIDGE_CLIENTS", file));
        let allowed = clients.client_hosts.clone();
        let caller = HttpClients::new(allowed, secured, Resolver::default(), clients.start_timeout)?;
        let notify = settings.notify.load()?;
        let alarms = settings.notify.parts(notify.clone());
        let notify = Dispatcher::new(store.clone(), notify, clock.clone(), &alarms);
        let home = targets.home();
        tracing::info!(temporal = home.server, namespace = %home.namespace, "bridge set up");
        let parts = Parts {
            access: Access::new(gate, store.clone(), settings.audit.options(tasks.clone())),
            clock: clock.clone(),
            store,
            engine,
            scheduler: own_work.map(|own| Arc::new(own.scheduler.clone()) as Arc<dyn Scheduler>),
            watch: own_work.map(|own| Arc::new(own.watch.clone()) as Arc<dyn Watch>),
            targets,
            clients: Arc::new(caller),
            parents: Arc::new(EmcoParents::open(&emco.url, &emco.token_file, &emco.ca_file)?),
            limits: TimeLimits {
                start: clients.start_timeout,
                client_check: clients.client_check,
                key_kept: clients.key_retention,
                wait: settings.waits.wait,
                max_wait: settings.waits.max_wait,
            },
            escalates: settings.escalation,
            identity: temporal::identity(),
            tasks,
            alarms,
            running: Arc::new(running(settings, home.clone())),
        };
        let app = App::new(&parts);
        let logins = settings.login.load(&authenticator, app.sessions.clone(), clock.clone())?;
        authenticator.sessions = logins.clone().map(|logins| Arc::new(logins) as Arc<dyn Sessions>);
        let ui = Ui {
            app: app.clone(),
            clock: clock.clone(),
            has_login: logins.is_some(),
            namespace: home.namespace.to_string(),
            temporal_ui: settings.temporal_ui_url.clone(),
        };
        let api = Api {
            app,
            clock,
            namespace: home.namespace.to_string(),
            temporal_ui: settings.temporal_ui_url.clone(),
            success_status: clients.success_status.clone(),
        };
        let limits = Limits {
            requests: settings.load.max_requests,
            waits: settings.load.max_waits,
            is_wait: bridge_http::is_wait,
            changes: NonZeroU32::new(settings.load.max_changes),
            reads: NonZeroU32::new(settings.load.max_reads),
        };
        Ok(Self {
            parts,
            api: Arc::new(api),
            ui: Arc::new(ui),
            shutdown: shutdown.clone(),
            own_work: None,
            audit: Arc::new(audit),
            limits,
            authenticator,
            notify,
            logins,
            rights,
            linger: settings.linger,
            tls,
        })
    }

    /// Returns the use cases, for callers in this process.
    pub fn app(&self) -> &App {
        &self.api.app
    }

    /// Returns the parts that the use cases work with.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Serves until the process drains. Then it finishes open starts and closes the database.
    ///
    /// # Errors
    /// Returns an error if requests were still open at the drain deadline.
    pub async fn serve(mut self, listener: TcpListener) -> Result<(), CutOff> {
        let shutdown = &self.shutdown;
        if let Some(OwnWork { escalations, scheduler, watch }) = self.own_work.take() {
            let (engine, app) = (Arc::clone(&self.parts.engine), &self.api.app);
            shutdown.spawn(escalations.keep(Arc::clone(&engine), shutdown.clone()));
            shutdown.spawn(scheduler.keep(engine, app.schedules.clone(), shutdown.clone()));
            shutdown.spawn(watch.keep(Arc::new(app.rules.clone()), shutdown.clone()));
        }
        let router = self.router();
        // In the background: open starts of an earlier process must not delay this one.
        let starts = self.api.app.starts.clone();
        shutdown.spawn(async move { starts.recover_abandoned().await });
        let schedules = self.api.app.schedules.clone();
        shutdown.spawn(async move { schedules.keep_applied().await });
        let rules = self.api.app.rules.clone();
        shutdown.spawn(async move { rules.keep_monitors().await });
        let alarms = self.api.app.alarms.clone();
        shutdown.spawn(async move { alarms.keep().await });
        shutdown.spawn(self.notify.clone().keep(shutdown.clone()));
        shutdown.spawn(Arc::clone(&self.audit).keep(shutdown.clone()));
        let options = Options { linger: self.linger, tls: self.tls.clone(), ..Options::default() };
        let served = service::http::serve(listener, router, shutdown, options).await;
        shutdown.finished().await;
        self.audit.seal().await;
        self.parts.store.close().await;
        served
    }

    /// Returns all routes: the API, and health and metrics for operators.
    fn router(&self) -> Router {
        let metrics = Metrics::install("bridge", env!("CARGO_PKG_VERSION"));
        describe_counter!(STARTS, Unit::Count, "Starts whose outcome is known, by intent and outcome");
        describe_gauge!(OPEN_WAITS, "Callers that wait for the end of a run");
        describe_gauge!(OPEN_STREAMS, "Callers that follow the events of a workflow");
        describe_gauge!(CONNECTIONS, "Connections to the database, by pool and state");
        let store = Arc::clone(&self.parts.store);
        let mut metrics = metrics.with_sample(move || {
            for pool in store.pools() {
                gauge!(CONNECTIONS, "pool" => pool.name, "state" => "busy").set(pool.busy as f64);
                gauge!(CONNECTIONS, "pool" => pool.name, "state" => "idle").set(pool.idle as f64);
            }
        });
        describe_counter!(
            NOTIFICATIONS,
            Unit::Count,
            "Tries to deliver a notification, by target and outcome"
        );
        let store = Arc::clone(&self.parts.store);
        // Temporal is not a condition: without it, intents can still be managed, and each call reports that
        // Temporal is away.
        let mut health = Health::new(&self.shutdown).with_check("database", move || {
            let store = Arc::clone(&store);
            async move { store.ping().await }
        });
        let notify = self.notify.clone();
        health = health.with_notice("notify", move || notify.broken());
        if let Some(rights) = &self.rights {
            describe_gauge!(RIGHTS_BROKEN, "1 while changed rights cannot be used, and earlier ones apply");
            let [measured, noticed] = [Arc::clone(rights), Arc::clone(rights)];
            let sample = move || gauge!(RIGHTS_BROKEN).set(f64::from(u8::from(measured.broken().is_some())));
            metrics = metrics.with_sample(sample);
            health = health.with_notice("rights", move || noticed.broken());
        }
        let api = bridge_http::router(Arc::clone(&self.api)).merge(bridge_ui::router(Arc::clone(&self.ui)));
        let api = authenticated(limited(api, self.limits.clone()), self.authenticator.clone());
        // Whoever has no session yet gets to the pages of the login.
        let logins =
            self.logins.clone().map(|logins| limited(bridge_login::router(logins), self.limits.clone()));
        let api = api.merge(logins.unwrap_or_default()).merge(bridge_ui::assets());
        let router = standard(api.merge(operations(health, metrics)), MAX_BODY);
        bridge_ui::with_pages_of_problems(router, Arc::clone(&self.ui))
    }
}

/// Returns what the bridge runs as, for people.
fn running(settings: &Settings, temporal: Target) -> Running {
    let database = match settings.database {
        DatabaseUrl::SqliteMemory => "SQLite in memory",
        DatabaseUrl::SqliteFile(_) => "SQLite in a file",
        DatabaseUrl::Postgres(_) => "PostgreSQL",
    };
    let (version, settings) = (env!("CARGO_PKG_VERSION"), settings.listed.0.clone());
    Running { version, database, temporal, settings }
}

async fn store(settings: &Settings) -> Result<Arc<dyn Database>, OpenError> {
    if settings.database == DatabaseUrl::SqliteMemory {
        tracing::warn!("BRIDGE_DATABASE is in memory: every intent and run is lost when this process ends");
    }
    Ok(bridge_store::open(&settings.database, settings.database_connections).await?)
}

fn rights(settings: &Settings) -> Result<Option<Arc<RightsGate>>, OpenError> {
    let rights = settings.rights.load()?;
    match (settings.secure.accepted(), &rights) {
        (Some(subjects), None) => return Err(NoRights { subjects }.into()),
        (None, None) => tracing::warn!("every caller may do everything: nobody is authenticated"),
        (_, Some(_)) => {}
    }
    Ok(rights.map(Arc::new))
}

fn targets(settings: &Settings, default: TemporalTarget) -> Result<TemporalTargets, TargetsFileError> {
    let others = &settings.others;
    TemporalTargets::new(
        default,
        others.targets.clone().unwrap_or_default(),
        others.temporal_servers.clone(),
        others.temporal_namespaces.clone(),
    )
}
