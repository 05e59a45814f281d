//! Connects to Temporal, with the SDK.
//!
//! The SDK waits up to 30 s for a silent server, so we add a timeout of our own. The SDK requests the
//! server's version when it connects, which fails if the server is not Temporal.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use temporalio_client::errors::ClientConnectError;
use temporalio_client::tonic::transport;
use temporalio_client::{Connection, RetryOptions};
use tokio::time::timeout;

use service::outbound::{ResolveError, Resolver};

use super::target::ServerTarget;

/// The timeouts of a connection, and how names are resolved.
#[derive(Debug, Clone)]
pub struct ConnectionSettings {
    /// Timeout of connecting.
    pub connect_timeout: Duration,
    /// How long the SDK retries a call that Temporal does not answer. Only for calls that the SDK makes by
    /// itself.
    pub patience: Duration,
    /// How long an unused connection is kept. A client that is held keeps its connection, but later callers
    /// get a new one: get the client again at least this often (every long poll does, as it ends within 70
    /// s).
    pub idle: Duration,
    /// How old a connection must be before it is replaced because the server reports that it is unavailable.
    pub redial: Duration,
    /// The resolver of servers whose addresses are checked.
    pub resolver: Resolver,
}

impl Default for ConnectionSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            patience: Duration::from_secs(2),
            idle: Duration::from_secs(300),
            redial: Duration::from_secs(10),
            resolver: Resolver::default(),
        }
    }
}

/// Why there is no connection.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot connect to Temporal at {address}")]
pub struct ConnectError {
    /// The server.
    pub address: String,
    /// The cause.
    #[source]
    pub cause: ConnectCause,
}

/// Why connecting failed. All callers of one attempt share it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConnectCause {
    /// The server does not accept connections, or does not agree on TLS or HTTP/2.
    #[error(transparent)]
    Dial(Arc<transport::Error>),
    /// The server does not respond as Temporal does, or rejects our credentials.
    #[error(transparent)]
    Refused(Arc<ClientConnectError>),
    /// The server does not respond in time.
    #[error("no response within {0:?}")]
    Silent(Duration),
    /// The host has no address, or none that may be dialled.
    #[error(transparent)]
    Address(Arc<ResolveError>),
    /// Too many other servers are in use.
    #[error("{0} other servers are in use, and no more are allowed; try again later")]
    TooMany(usize),
    /// The attempt was aborted.
    #[error("the attempt was aborted; is this process ending?")]
    Aborted,
}

/// Connects to a server within the timeout of the settings.
pub(super) async fn connect(
    target: &ServerTarget,
    identity: &str,
    settings: &ConnectionSettings,
) -> Result<Connection, ConnectCause> {
    let bound = settings.connect_timeout;
    let dialled = timeout(bound, Box::pin(dial(target, identity, settings))).await;
    let connection = dialled.unwrap_or(Err(ConnectCause::Silent(bound)))?;
    tracing::info!(address = target.address(), "connected to Temporal");
    Ok(connection)
}

/// Timeout of one attempt to connect. It is shorter than that of a call: if the server has moved, a call then
/// fails with a fault of the connection, and the next one resolves the name again.
const ONE_ATTEMPT: Duration = Duration::from_secs(3);

/// Connects to the server; if its addresses are checked, to one that may be dialled.
async fn dial(
    target: &ServerTarget,
    identity: &str,
    settings: &ConnectionSettings,
) -> Result<Connection, ConnectCause> {
    let connect = async |to: Option<SocketAddr>| {
        let one = settings.connect_timeout.min(ONE_ATTEMPT);
        let options = target.connection_options(to, identity.to_owned(), one, retries(settings));
        Connection::connect(options).await.map_err(|error| match error {
            ClientConnectError::TonicTransportError(error) => ConnectCause::Dial(Arc::new(error)),
            error => ConnectCause::Refused(Arc::new(error)),
        })
    };
    if !target.is_checked() {
        return connect(None).await;
    }
    let (host, port) = target.host_and_port();
    let allowed = settings.resolver.allowed(host, port).await;
    let mut addresses = allowed.map_err(|error| ConnectCause::Address(Arc::new(error)))?.into_iter();
    let mut connection = connect(addresses.next()).await;
    for address in addresses {
        if connection.is_ok() {
            break;
        }
        connection = connect(Some(address)).await;
    }
    connection
}

/// Retries quickly and for a short time: callers have timeouts of their own.
fn retries(settings: &ConnectionSettings) -> RetryOptions {
    RetryOptions::builder()
        .initial_interval(Duration::from_millis(50))
        .max_interval(Duration::from_millis(500))
        .max_elapsed_time(Some(settings.patience))
        .build()
}
