//! One lazy connection to a Temporal target, shared by all who use it.
//!
//! The SDK connects eagerly and waits up to 30 s for a silent peer, so the connection is made when it is first asked for, within a
//! bound of ours, by a task that no caller's end breaks off. Callers who come meanwhile await the same attempt; one that failed is
//! remembered for a moment only, so that a crowd does not dial a dead server once each. A made connection mends itself: its
//! [channel](super::channel) dials again when it is used. The SDK's `skip_get_system_info` would not make it lazier (it dials all the same), and
//! without that call a peer that is not Temporal would pass for one.
//!
//! Each core has a connection of its own, so that an answer wakes no thread but the one that asked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use metrics::{Unit, describe_gauge, describe_histogram, gauge, histogram};
use temporalio_client::errors::ClientConnectError;
use temporalio_client::{Client, ClientOptions, Connection, RetryOptions};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest;
use tokio::time::{Instant, timeout};

use super::channel::{Channel, DialError};
use super::fault::{FaultKind, TemporalFault, bounded};
use super::method::Method;
use super::target::TemporalTarget;
use service::cores::PerCore;
use service::outbound::{ResolveError, Resolver};

/// How long a failed attempt answers for those that follow.
const REMEMBERED: Duration = Duration::from_millis(100);
/// How long [`TemporalConnection::check`] takes at most.
const CHECK_BOUND: Duration = Duration::from_millis(1500);

/// How much longer than we wait Temporal is told that we do: it is our own bound that ends a call, and says so.
const GRACE: Duration = Duration::from_secs(1);

/// How long calls to Temporal took, connecting included.
const CALLS: &str = "temporal_call_duration_seconds";
/// Connections to Temporal that are open.
const OPEN: &str = "temporal_connections";

/// How patient a connection is.
#[derive(Debug, Clone)]
pub struct ConnectionSettings {
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long a call is repeated while Temporal does not answer, before it fails. Shorter than callers' own bounds, so that they
    /// learn that Temporal is away and not only that time is up.
    pub patience: Duration,
    /// How long a connection is kept unused. Whoever holds a client keeps its connection, but later callers get a new one: ask for the
    /// client again at least this often (every long poll should, being over in 70 s).
    pub idle: Duration,
    /// Who resolves the names of servers whose addresses are checked.
    pub resolver: Resolver,
}

impl Default for ConnectionSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            patience: Duration::from_secs(2),
            idle: Duration::from_secs(300),
            resolver: Resolver::default(),
        }
    }
}

/// A connection to a Temporal target, made when it is first needed; each [core](service::cores) makes its own. Clones share it.
#[derive(Debug, Clone)]
pub struct TemporalConnection {
    inner: Arc<Inner>,
}

/// Why there is no connection.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConnectError {
    /// Nobody there, or nobody who speaks HTTP/2.
    #[error("cannot connect to Temporal at {address}")]
    Dial {
        /// Where.
        address: String,
        /// Why not.
        #[source]
        source: Arc<DialError>,
    },
    /// Somebody there who does not speak as Temporal does, or not with us.
    #[error("cannot connect to Temporal at {address}")]
    Refused {
        /// Where.
        address: String,
        /// Why not.
        #[source]
        source: Arc<ClientConnectError>,
    },
    /// Somebody there who does not answer.
    #[error("Temporal at {address} did not accept a connection within {bound:?}")]
    Silent {
        /// Where.
        address: String,
        /// How long it had.
        bound: Duration,
    },
    /// The host has no address, or none that may be dialled.
    #[error("cannot connect to Temporal at {address}")]
    Address {
        /// Where.
        address: String,
        /// Why not.
        #[source]
        source: Arc<ResolveError>,
    },
    /// The attempt was broken off.
    #[error("connecting to Temporal at {address} was broken off; is this process ending?")]
    BrokenOff {
        /// Where.
        address: String,
    },
}

type Attempt = Shared<BoxFuture<'static, Result<Made, ConnectError>>>;

/// A connection that was made.
#[derive(Clone)]
struct Made {
    /// What the calls go over.
    channel: Channel,
    /// The SDK's way to use it.
    client: Client,
}

#[derive(Debug)]
struct Inner {
    target: TemporalTarget,
    identity: String,
    settings: ConnectionSettings,
    state: PerCore<Mutex<State>>,
}

enum State {
    Closed,
    Connecting(Attempt),
    Connected { made: Made, used: Instant, _open: Open },
    Failed { error: ConnectError, at: Instant },
}

/// An open connection, counted.
struct Open;

impl Open {
    fn new() -> Self {
        gauge!(OPEN).increment(1.0);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        gauge!(OPEN).decrement(1.0);
    }
}

impl TemporalConnection {
    /// A connection to `target`, not made yet.
    pub fn new(target: TemporalTarget) -> Self {
        Self::with_settings(target, ConnectionSettings::default())
    }

    /// The same, as patient as `settings` say.
    pub fn with_settings(target: TemporalTarget, settings: ConnectionSettings) -> Self {
        Self {
            inner: Arc::new(Inner {
                target,
                identity: identity(),
                settings,
                state: PerCore::new(|| Mutex::new(State::Closed)),
            }),
        }
    }

    /// Where it leads.
    pub fn target(&self) -> &TemporalTarget {
        &self.inner.target
    }

    /// Who we are in Temporal's histories.
    pub fn identity(&self) -> &str {
        &self.inner.identity
    }

    /// The client, after connecting if need be. Do not keep it: ask again, that costs nothing.
    ///
    /// # Errors
    /// When Temporal cannot be reached within the bound of the settings.
    pub async fn client(&self) -> Result<Client, ConnectError> {
        self.made(|made| made.client.clone()).await
    }

    /// This of the connection, after connecting if need be.
    async fn made<T>(&self, of: impl Fn(&Made) -> T) -> Result<T, ConnectError> {
        let attempt = {
            let mut state = self.inner.state();
            match &mut *state {
                State::Connected { made, used, .. } => {
                    *used = Instant::now();
                    return Ok(of(made));
                }
                State::Failed { error, at } if at.elapsed() < REMEMBERED => return Err(error.clone()),
                State::Connecting(attempt) => attempt.clone(),
                State::Closed | State::Failed { .. } => {
                    let attempt = self.inner.begin();
                    *state = State::Connecting(attempt.clone());
                    attempt
                }
            }
        };
        attempt.await.map(|made| of(&made))
    }

    /// Connect if need be and ask Temporal this, all within `bound`; faults name the server. It is measured as `label`.
    ///
    /// # Errors
    /// When there is no connection, no answer in time, or Temporal refuses.
    pub async fn ask<Q: Method>(
        &self,
        label: &'static str,
        bound: Duration,
        request: Q,
    ) -> Result<Q::Answer, TemporalFault> {
        let since = Instant::now();
        let asked = self.within(
            bound,
            |made| made.channel.clone(),
            async |channel, left| channel.ask(left + GRACE, &request).await,
        );
        let result = asked.await;
        measure(label, since, &result);
        result
    }

    /// Connect if need be and do `operation`, all within `bound`; faults name the server. It is measured as `method`.
    ///
    /// # Errors
    /// When there is no connection, no answer in time, or the operation fails.
    pub async fn call<T, E, F>(
        &self,
        method: &'static str,
        bound: Duration,
        operation: impl FnOnce(Client) -> F,
    ) -> Result<T, TemporalFault>
    where
        F: Future<Output = Result<T, E>>,
        E: Into<TemporalFault>,
    {
        let since = Instant::now();
        let done = self.within(bound, |made| made.client.clone(), async |client, _| operation(client).await);
        let result = done.await;
        measure(method, since, &result);
        result
    }

    /// Connect if need be and do this with what `of` takes of the connection and the time that is left, all within `bound`.
    async fn within<C, T, E: Into<TemporalFault>>(
        &self,
        bound: Duration,
        of: impl Fn(&Made) -> C,
        operation: impl AsyncFnOnce(C, Duration) -> Result<T, E>,
    ) -> Result<T, TemporalFault> {
        let since = Instant::now();
        let made = match timeout(bound, self.made(of)).await {
            Ok(made) => made?,
            // Not a slow answer: nobody is there.
            Err(_) => return Err(ConnectError::Silent { address: self.inner.target.address(), bound }.into()),
        };
        let left = bound.saturating_sub(since.elapsed());
        let result = bounded(left, operation(made, left)).await;
        result.map_err(|fault| {
            if fault.kind() == FaultKind::Unavailable {
                self.inner.resolve_again();
            }
            fault.at(self.inner.target.address())
        })
    }

    /// Whether Temporal answers, lets us in and knows the namespace; for readiness, within two seconds.
    ///
    /// # Errors
    /// Why not.
    pub async fn check(&self) -> Result<(), TemporalFault> {
        let namespace = self.inner.target.namespace().to_owned();
        let request = DescribeNamespaceRequest { namespace, ..Default::default() };
        self.ask(DescribeNamespaceRequest::NAME, CHECK_BOUND, request).await.map(drop)
    }

    /// Whether both are one connection.
    #[cfg(test)]
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Whether nobody but the caller holds it and no connection is open.
    pub(super) fn is_spare(&self) -> bool {
        Arc::strong_count(&self.inner) == 1
            && self
                .inner
                .state
                .iter()
                .all(|state| matches!(*locked(state), State::Closed | State::Failed { .. }))
    }
}

impl Inner {
    /// How the connection of this thread's core stands.
    fn state(&self) -> MutexGuard<'_, State> {
        locked(self.state.here())
    }

    /// Connect in a task of its own, on the core that it is for.
    fn begin(self: &Arc<Self>) -> Attempt {
        let inner = Arc::clone(self);
        let task = tokio::spawn({
            let inner = Arc::clone(self);
            async move {
                let result = inner.connect().await;
                inner.settle(&result);
                result
            }
        });
        async move {
            task.await.unwrap_or_else(|_| {
                let result = Err(ConnectError::BrokenOff { address: inner.target.address() });
                inner.settle(&result);
                result
            })
        }
        .boxed()
        .shared()
    }

    async fn connect(&self) -> Result<Made, ConnectError> {
        // Here and not in `new`: connections are often set up before the recorder of measures.
        describe_histogram!(CALLS, Unit::Seconds, "Time of calls to Temporal, by method and outcome");
        describe_gauge!(OPEN, "Connections to Temporal that are open");
        let address = self.target.address();
        let bound = self.settings.connect_timeout;
        let refused = |source| ConnectError::Refused { address: address.clone(), source: Arc::new(source) };
        let (channel, connection) = match timeout(bound, Box::pin(self.dial())).await {
            Ok(made) => made?,
            Err(_) => return Err(ConnectError::Silent { address, bound }),
        };
        let client = Client::new(connection, ClientOptions::new(self.target.namespace()).build())
            .map_err(|error| refused(error.into()))?;
        tracing::info!(address, namespace = self.target.namespace(), "connected to Temporal");
        Ok(Made { channel, client })
    }

    /// A connection to the server; to one of its addresses that may be dialled, where they are checked.
    async fn dial(&self) -> Result<(Channel, Connection), ConnectError> {
        let address = self.target.address();
        let bound = self.settings.connect_timeout;
        let failed = |source| ConnectError::Dial { address: address.clone(), source };
        let connect = async |at| {
            let dial = self.target.dial(at).await.map_err(|error| failed(Arc::new(error)))?;
            let headers = self.target.headers().map_err(|error| failed(Arc::new(error)))?;
            Channel::connect(dial, headers, bound).await.map_err(failed)
        };
        let channel = if self.target.is_checked() {
            let (host, port) = self.target.host_and_port();
            let allowed = self.settings.resolver.allowed(host, port).await;
            let allowed = allowed.map_err(|source| ConnectError::Address {
                address: address.clone(),
                source: Arc::new(source),
            })?;
            let mut addresses = allowed.into_iter();
            let mut channel = connect(addresses.next()).await;
            for at in addresses {
                if channel.is_ok() {
                    break;
                }
                channel = connect(Some(at)).await;
            }
            channel?
        } else {
            connect(None).await?
        };
        let options = self.target.connection_options(&channel, self.identity.clone(), self.retries());
        let connection = Connection::connect(options)
            .await
            .map_err(|source| ConnectError::Refused { address: address.clone(), source: Arc::new(source) })?;
        Ok((channel, connection))
    }

    /// Repeat quickly, give up early: whoever calls has a bound of its own.
    fn retries(&self) -> RetryOptions {
        RetryOptions::builder()
            .initial_interval(Duration::from_millis(50))
            .max_interval(Duration::from_millis(500))
            .max_elapsed_time(Some(self.settings.patience))
            .build()
    }

    fn settle(self: &Arc<Self>, result: &Result<Made, ConnectError>) {
        let now = Instant::now();
        *self.state() = match result {
            Ok(made) => {
                tokio::spawn(close_when_idle(Arc::downgrade(self), self.settings.idle));
                State::Connected { made: made.clone(), used: now, _open: Open::new() }
            }
            Err(error) => {
                tracing::warn!(error = service::chain(error), "no connection to Temporal");
                State::Failed { error: error.clone(), at: now }
            }
        };
    }

    /// A connection to a checked address stays with that address; the name may lead elsewhere by now.
    fn resolve_again(&self) {
        let mut state = self.state();
        if self.target.is_checked() && matches!(*state, State::Connected { .. }) {
            *state = State::Closed;
        }
    }

    /// Close the connection if it has been idle long enough; else, how long it may still be.
    fn close_if_idle(&self) -> Option<Duration> {
        let mut state = self.state();
        let State::Connected { used, .. } = &*state else { return None };
        let left = self.settings.idle.saturating_sub(used.elapsed());
        if left.is_zero() {
            tracing::debug!(address = self.target.address(), "closing an idle connection to Temporal");
            *state = State::Closed;
            return None;
        }
        Some(left)
    }
}

fn measure<T>(method: &'static str, since: Instant, result: &Result<T, TemporalFault>) {
    let outcome = result.as_ref().map_or_else(|fault| fault.kind().code(), |_| "ok");
    histogram!(CALLS, "method" => method, "outcome" => outcome).record(since.elapsed());
}

/// No code panics while it holds the lock, and every state is whole.
fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn close_when_idle(connection: Weak<Inner>, mut wait: Duration) {
    loop {
        tokio::time::sleep(wait).await;
        let Some(left) = connection.upgrade().and_then(|inner| inner.close_if_idle()) else { return };
        wait = left;
    }
}

/// Who we are in Temporal's histories: `program@host:pid`.
#[must_use]
pub fn identity() -> String {
    let program = std::env::current_exe().ok();
    let program = program.as_deref().and_then(|path| path.file_name()?.to_str()).unwrap_or("program");
    let host = std::env::var("HOSTNAME").or_else(|_| std::fs::read_to_string("/proc/sys/kernel/hostname"));
    let host = host.as_deref().map_or("host", str::trim);
    format!("{program}@{host}:{}", std::process::id())
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Closed => "Closed",
            Self::Connecting(_) => "Connecting",
            Self::Connected { .. } => "Connected",
            Self::Failed { .. } => "Failed",
        })
    }
}
