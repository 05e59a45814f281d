//! A Temporal server, and the one connection to it, shared by all namespaces.
//!
//! The connection is established at first use, by a task that continues if the caller leaves. Later callers
//! wait for the same attempt. A failed attempt is remembered for a moment, so that many callers do not each
//! dial a server that is down. When the connection breaks, the next call connects again, which resolves the
//! name and checks the address again. So does the next call after a change of our certificate, its key or the
//! authorities, unless that fails: then the former connection stays for a while. A new API key is given to the
//! open connection.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use metrics::{Unit, describe_gauge, describe_histogram, gauge};
use service::files::Reloaded;
use temporalio_client::grpc::WorkflowService;
use temporalio_client::request_extensions::RetryConfigForCall;
use temporalio_client::tonic::{Code, Request};
use temporalio_client::{Connection, RetryOptions};
use temporalio_common::protos::temporal::api::workflowservice::v1::GetSystemInfoRequest;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::connect::{ConnectCause, ConnectError, ConnectionSettings, connect};
use super::fault::{FaultKind, TemporalFault, is_transport};
use super::target::{ServerTarget, Tls};

/// How long a failed attempt counts for later callers.
const REMEMBERED: Duration = Duration::from_millis(100);
/// How long a connection stays after changed files could not be used, until they are tried again: Temporal
/// may restart when its own certificate changes, at the same time as ours.
const UNTRIED: Duration = Duration::from_secs(10);
/// Timeout of the call that finds out whether a connection is dead.
const PROBE: Duration = Duration::from_millis(1500);
/// The duration of calls to Temporal, including connecting.
pub(super) const CALLS: &str = "temporal_call_duration_seconds";
/// The number of open connections to Temporal.
const OPEN: &str = "temporal_connections";

/// A server, and the connection to it.
#[derive(Debug)]
pub(super) struct Server {
    target: Arc<ServerTarget>,
    pub(super) identity: String,
    settings: ConnectionSettings,
    /// The TLS settings, if they are in files.
    tls: Option<Reloaded<Tls>>,
    /// The API key, if it is in a file.
    key: Option<Reloaded<String>>,
    /// Locked during an attempt to connect.
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
enum State {
    Closed,
    Open {
        link: Link,
        used: Instant,
        _counted: Counted,
        /// Closes the connection when it has been idle long enough.
        _idle: AbortOnDropHandle<()>,
    },
    Failed {
        error: ConnectError,
        at: Instant,
    },
}

/// An established connection.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) connection: Connection,
    since: Instant,
    /// Set by a call that found it broken. The next call connects again.
    broken: Arc<AtomicBool>,
    /// Whether a probe is on its way.
    probed: Arc<AtomicBool>,
    /// The TLS settings with which it was made, if they are in files.
    tls: Option<Arc<Tls>>,
    /// Later ones with which no connection could be made, and when.
    unusable: Option<(Arc<Tls>, Instant)>,
    /// The API key that it has, if that is in a file.
    key: Option<Arc<String>>,
}

/// Counts an open connection until it is dropped.
#[derive(Debug)]
struct Counted;

impl Counted {
    fn new() -> Self {
        gauge!(OPEN).increment(1.0);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        gauge!(OPEN).decrement(1.0);
    }
}

impl Server {
    pub(super) fn new(target: Arc<ServerTarget>, settings: ConnectionSettings) -> Self {
        let (tls, key) = (target.tls().and_then(Tls::reloaded), target.reloaded_key());
        Self { target, identity: identity(), settings, tls, key, state: Arc::new(Mutex::new(State::Closed)) }
    }

    /// Returns the connection. Connects first if necessary.
    pub(super) async fn link(self: &Arc<Self>) -> Result<Link, ConnectError> {
        let mut state = Arc::clone(&self.state).lock_owned().await;
        let mut former = None;
        match &mut *state {
            State::Open { link, used, .. } if !link.broken.load(Ordering::Relaxed) => {
                self.give_key(link);
                if !self.has_changed_since(link) {
                    *used = Instant::now();
                    return Ok(link.clone());
                }
                former = Some(link.clone());
            }
            State::Failed { error, at } if at.elapsed() < REMEMBERED => return Err(error.clone()),
            State::Closed | State::Open { .. } | State::Failed { .. } => {}
        }
        *state = State::Closed;
        let server = Arc::clone(self);
        let attempt = tokio::spawn(async move {
            let made = server.connect_again(former).await;
            *state = match &made {
                Ok(link) => State::Open {
                    link: link.clone(),
                    used: Instant::now(),
                    _counted: Counted::new(),
                    _idle: AbortOnDropHandle::new(tokio::spawn(close_when_idle(
                        Arc::downgrade(&server),
                        server.settings.idle,
                    ))),
                },
                Err(error) => State::Failed { error: error.clone(), at: Instant::now() },
            };
            made
        });
        attempt.await.unwrap_or_else(|_| Err(self.error(ConnectCause::Aborted)))
    }

    pub(super) fn error(&self, cause: ConnectCause) -> ConnectError {
        ConnectError { address: self.target.address(), cause }
    }

    /// Returns whether files with TLS settings have changed since a connection was made.
    fn has_changed_since(&self, link: &Link) -> bool {
        let (Some(former), Some(tls)) = (&link.tls, &self.tls) else { return false };
        let tls = tls.current();
        let is_unusable = |(unusable, since): &(Arc<Tls>, Instant)| {
            Arc::ptr_eq(unusable, &tls) && since.elapsed() < UNTRIED
        };
        !Arc::ptr_eq(former, &tls) && !link.unusable.as_ref().is_some_and(is_unusable)
    }

    /// Gives a connection the current API key. Clones of it, which workers have, get it too.
    fn give_key(&self, link: &mut Link) {
        let Some(key) = self.key.as_ref().map(Reloaded::current) else { return };
        if !link.key.as_ref().is_some_and(|former| Arc::ptr_eq(former, &key)) {
            link.connection.set_api_key(Some(key.to_string()));
            link.key = Some(key);
        }
    }

    /// Connects. If that fails, but the former connection works, that one stays for a while.
    async fn connect_again(&self, former: Option<Link>) -> Result<Link, ConnectError> {
        let tls = self.tls.as_ref().map(Reloaded::current);
        match (self.connect(tls.clone()).await, former) {
            (Err(_), Some(former)) => {
                tracing::error!("changed files for Temporal cannot be used; the former connection stays");
                Ok(Link { unusable: tls.map(|tls| (tls, Instant::now())), ..former })
            }
            (made, _) => made,
        }
    }

    async fn connect(&self, tls: Option<Arc<Tls>>) -> Result<Link, ConnectError> {
        // Not in `new`, because many connections are created before the recorder of metrics.
        describe_histogram!(CALLS, Unit::Seconds, "Time of calls to Temporal, by method and outcome");
        describe_gauge!(OPEN, "Connections to Temporal that are open");
        let key = self.key.as_ref().map(Reloaded::current);
        let target = self.target.with(tls.as_deref(), key.as_deref());
        let made = connect(&target, &self.identity, &self.settings).await;
        let connection = made.map_err(|cause| self.error(cause)).inspect_err(|error| {
            tracing::warn!(error = service::chain(error), "no connection to Temporal")
        })?;
        let (broken, probed) = (Arc::default(), Arc::default());
        Ok(Link { connection, since: Instant::now(), broken, probed, tls, unusable: None, key })
    }

    /// Notes the fault of a call over a connection.
    pub(super) fn note(&self, link: &Link, fault: &TemporalFault) {
        match fault.kind() {
            // A server may report that it is unavailable on a connection that works. Another connection may
            // lead to another of its hosts, but one for each call would be a burden.
            FaultKind::Unavailable
                if fault.is_transport() || link.since.elapsed() >= self.settings.redial =>
            {
                link.broken.store(true, Ordering::Relaxed);
            }
            // The call may be slow, or the connection may be dead.
            FaultKind::DeadlineExceeded if !link.probed.swap(true, Ordering::Relaxed) => {
                tokio::spawn(link.clone().probe());
            }
            _ => {}
        }
    }

    /// Closes the connection if it has been idle long enough; else returns the remaining time.
    async fn close_if_idle(&self) -> Option<Duration> {
        let mut state = self.state.lock().await;
        let State::Open { used, .. } = &*state else { return None };
        let left = self.settings.idle.saturating_sub(used.elapsed());
        if left.is_zero() {
            tracing::debug!(address = self.target.address(), "closing an idle connection to Temporal");
            *state = State::Closed;
            return None;
        }
        Some(left)
    }
}

impl Link {
    /// Finds out whether the connection is dead: a peer may disappear without closing it.
    async fn probe(self) {
        let mut request = Request::new(GetSystemInfoRequest::default());
        request.extensions_mut().insert(RetryConfigForCall(RetryOptions::no_retries()));
        let answer = timeout(PROBE, self.connection.clone().get_system_info(request)).await;
        let is_alive = match answer {
            Ok(Ok(_)) => true,
            Ok(Err(status)) => !is_transport(&status) && status.code() != Code::Cancelled,
            Err(_) => false,
        };
        if !is_alive {
            tracing::warn!("a connection to Temporal is dead; the next call connects again");
            self.broken.store(true, Ordering::Relaxed);
        }
        self.probed.store(false, Ordering::Relaxed);
    }
}

async fn close_when_idle(server: Weak<Server>, mut wait: Duration) {
    loop {
        sleep(wait).await;
        let Some(server) = server.upgrade() else { return };
        let Some(left) = server.close_if_idle().await else { return };
        wait = left;
    }
}

/// Returns the name of this process in Temporal's histories: `program@host:pid`.
#[must_use]
pub fn identity() -> String {
    let program = std::env::current_exe().ok();
    let program = program.as_deref().and_then(|path| path.file_name()?.to_str()).unwrap_or("program");
    let host = std::env::var("HOSTNAME").or_else(|_| std::fs::read_to_string("/proc/sys/kernel/hostname"));
    let host = host.as_deref().map_or("host", str::trim);
    format!("{program}@{host}:{}", std::process::id())
}
