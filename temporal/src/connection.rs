//! One lazy connection to a Temporal target, shared by all its users.
//!
//! The connection is established at first use, by a task that continues if the caller leaves. Later callers
//! wait for the same attempt. A failed attempt is remembered for a moment, so that many callers do not each
//! dial a server that is down. When the connection breaks, the next call connects again, which resolves the
//! name and checks the address again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use metrics::{Unit, describe_gauge, describe_histogram, gauge, histogram};
use temporalio_client::request_extensions::{NoRetryOnMatching, RetryConfigForCall};
use temporalio_client::tonic::{Request, Response};
use temporalio_client::{Client, RetryOptions};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

use super::connect::{ConnectCause, ConnectError, ConnectionSettings, connect};
use super::fault::{FaultKind, TemporalFault, is_transport};
use super::method::Method;
use super::target::TemporalTarget;

/// How long a failed attempt counts for later callers.
const REMEMBERED: Duration = Duration::from_millis(100);
/// Timeout of [`TemporalConnection::check`].
const CHECK_BOUND: Duration = Duration::from_millis(1500);
/// Difference between the timeout that Temporal gets and our own, which is shorter: its error is more
/// precise.
const GRACE: Duration = Duration::from_secs(1);
/// Time between a broken connection and the retry of the call.
const SECOND_TRY: Duration = Duration::from_millis(20);

/// The duration of calls to Temporal, including connecting.
const CALLS: &str = "temporal_call_duration_seconds";
/// The number of open connections to Temporal.
const OPEN: &str = "temporal_connections";

/// A connection to a Temporal target, established at first use. Clones share it.
#[derive(Debug, Clone)]
pub struct TemporalConnection {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    target: TemporalTarget,
    identity: String,
    settings: ConnectionSettings,
    /// Locked during an attempt to connect.
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
enum State {
    Closed,
    Open { link: Link, used: Instant, _counted: Counted },
    Failed { error: ConnectError, at: Instant },
}

/// An established connection.
#[derive(Debug, Clone)]
struct Link {
    client: Client,
    /// Set by a call that found it broken.
    broken: Arc<AtomicBool>,
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

impl TemporalConnection {
    /// Creates a connection to `target`, which is established at first use.
    pub fn new(target: TemporalTarget) -> Self {
        Self::with_settings(target, ConnectionSettings::default())
    }

    /// Creates a connection to `target` with these settings.
    pub fn with_settings(target: TemporalTarget, settings: ConnectionSettings) -> Self {
        let state = Arc::new(Mutex::new(State::Closed));
        Self { inner: Arc::new(Inner { target, identity: identity(), settings, state }) }
    }

    /// Returns the target.
    pub fn target(&self) -> &TemporalTarget {
        &self.inner.target
    }

    /// Returns the name of this process in Temporal's histories.
    pub fn identity(&self) -> &str {
        &self.inner.identity
    }

    /// Returns the SDK's client. Connects first if necessary. Do not keep the client: getting it again costs
    /// nothing.
    ///
    /// # Errors
    /// Returns an error if Temporal cannot be reached within the timeout of the settings.
    pub async fn client(&self) -> Result<Client, ConnectError> {
        self.link().await.map(|link| link.client)
    }

    async fn link(&self) -> Result<Link, ConnectError> {
        let mut state = Arc::clone(&self.inner.state).lock_owned().await;
        match &mut *state {
            State::Open { link, used, .. } if !link.broken.load(Ordering::Relaxed) => {
                *used = Instant::now();
                return Ok(link.clone());
            }
            State::Failed { error, at } if at.elapsed() < REMEMBERED => return Err(error.clone()),
            State::Closed | State::Open { .. } | State::Failed { .. } => *state = State::Closed,
        }
        let inner = Arc::clone(&self.inner);
        let attempt = tokio::spawn(async move {
            let made = inner.connect().await;
            *state = match &made {
                Ok(link) => {
                    State::Open { link: link.clone(), used: Instant::now(), _counted: Counted::new() }
                }
                Err(error) => State::Failed { error: error.clone(), at: Instant::now() },
            };
            made
        });
        attempt.await.unwrap_or_else(|_| Err(self.error(ConnectCause::Aborted)))
    }

    fn error(&self, cause: ConnectCause) -> ConnectError {
        ConnectError { address: self.target().address(), cause }
    }

    /// Calls Temporal, with `bound` as the timeout, including connecting. Faults name the server. `label` is
    /// the method in metrics.
    ///
    /// A call whose connection breaks is retried once, as happens when the server closes the connection at
    /// the same time. Nothing happens twice: requests that change a workflow have a request ID, or are
    /// idempotent.
    ///
    /// # Errors
    /// Returns an error if there is no connection, if Temporal does not respond in time, or if it returns an
    /// error.
    pub async fn ask<Q: Method>(
        &self,
        label: &'static str,
        bound: Duration,
        request: Q,
    ) -> Result<Q::Answer, TemporalFault> {
        let since = Instant::now();
        let result =
            self.ask_unmeasured(bound, request).await.map_err(|fault| fault.at(self.target().address()));
        let outcome = result.as_ref().map_or_else(|fault| fault.kind().code(), |_| "ok");
        histogram!(CALLS, "method" => label, "outcome" => outcome).record(since.elapsed());
        result
    }

    async fn ask_unmeasured<Q: Method>(
        &self,
        bound: Duration,
        request: Q,
    ) -> Result<Q::Answer, TemporalFault> {
        let since = Instant::now();
        let link = match timeout(bound, self.link()).await {
            Ok(link) => link?,
            // The server is not slow, but unavailable.
            Err(_) => return Err(self.error(ConnectCause::Silent(bound)).into()),
        };
        let left = bound.saturating_sub(since.elapsed());
        let mut request = Request::new(request);
        request.set_timeout(left + GRACE);
        request.extensions_mut().insert(RetryConfigForCall(second_try()));
        request.extensions_mut().insert(NoRetryOnMatching { predicate: |status| !is_transport(status) });
        let mut connection = link.client.connection().clone();
        let answer = match timeout(left, Q::send(&mut connection, request)).await {
            Ok(answer) => answer.map(Response::into_inner).map_err(TemporalFault::from),
            Err(_) => Err(TemporalFault::out_of_time(bound)),
        };
        if answer.as_ref().is_err_and(|fault| fault.kind() == FaultKind::Unavailable) {
            link.broken.store(true, Ordering::Relaxed);
        }
        answer
    }

    /// Checks within two seconds that Temporal responds, accepts our credentials and knows the namespace. It
    /// is for readiness.
    ///
    /// # Errors
    /// Returns an error if not.
    pub async fn check(&self) -> Result<(), TemporalFault> {
        let namespace = self.target().namespace().to_owned();
        let request = DescribeNamespaceRequest { namespace, ..Default::default() };
        self.ask(DescribeNamespaceRequest::NAME, CHECK_BOUND, request).await.map(drop)
    }

    /// Returns whether both share one connection.
    #[cfg(test)]
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Returns whether it is not open and the caller is its only user.
    pub(super) fn is_spare(&self) -> bool {
        let is_open = |state: &State| matches!(state, State::Open { .. });
        Arc::strong_count(&self.inner) == 1 && self.inner.state.try_lock().is_ok_and(|state| !is_open(&state))
    }
}

impl Inner {
    async fn connect(self: &Arc<Self>) -> Result<Link, ConnectError> {
        // Not in `new`, because many connections are created before the recorder of metrics.
        describe_histogram!(CALLS, Unit::Seconds, "Time of calls to Temporal, by method and outcome");
        describe_gauge!(OPEN, "Connections to Temporal that are open");
        let client = connect(&self.target, &self.identity, &self.settings).await.inspect_err(|error| {
            tracing::warn!(error = service::chain(error), "no connection to Temporal")
        })?;
        tokio::spawn(close_when_idle(Arc::downgrade(self), self.settings.idle));
        Ok(Link { client, broken: Arc::default() })
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

async fn close_when_idle(connection: Weak<Inner>, mut wait: Duration) {
    loop {
        sleep(wait).await;
        let Some(inner) = connection.upgrade() else { return };
        let Some(left) = inner.close_if_idle().await else { return };
        wait = left;
    }
}

fn second_try() -> RetryOptions {
    RetryOptions::builder().initial_interval(SECOND_TRY).max_retries(2).build()
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
