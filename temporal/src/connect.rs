//! Makes connections to Temporal, with the SDK.
//!
//! The SDK waits up to 30 s for a silent peer, so a bound of ours is around it. It asks for the server's version as it connects;
//! without that call a peer that is not Temporal would pass for one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use temporalio_client::errors::ClientConnectError;
use temporalio_client::tonic::transport;
use temporalio_client::{Client, ClientOptions, Connection, RetryOptions};
use tokio::time::timeout;

use service::outbound::{ResolveError, Resolver};

use super::target::TemporalTarget;

/// How patient a connection is.
#[derive(Debug, Clone)]
pub struct ConnectionSettings {
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long the SDK repeats a call while Temporal does not answer, before it fails. Only for what the SDK calls by itself.
    pub patience: Duration,
    /// How long a connection is kept unused. Whoever holds a client keeps its connection, but later callers get a new one: ask for
    /// the client again at least this often (every long poll does, being over in 70 s).
    pub idle: Duration,
    /// Resolves the names of servers whose addresses are checked.
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

/// Why there is no connection.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConnectError {
    /// Nobody accepts a connection, or the peer and we agree on neither TLS nor HTTP/2.
    #[error("cannot connect to Temporal at {address}")]
    Dial {
        /// The server.
        address: String,
        /// The cause.
        #[source]
        source: Arc<transport::Error>,
    },
    /// The peer does not answer as Temporal does, or does not let us in.
    #[error("cannot connect to Temporal at {address}")]
    Refused {
        /// The server.
        address: String,
        /// The cause.
        #[source]
        source: Arc<ClientConnectError>,
    },
    /// The peer does not answer.
    #[error("Temporal at {address} did not accept a connection within {bound:?}")]
    Silent {
        /// The server.
        address: String,
        /// How long it had.
        bound: Duration,
    },
    /// The host has no address, or none that may be dialled.
    #[error("cannot connect to Temporal at {address}")]
    Address {
        /// The server.
        address: String,
        /// The cause.
        #[source]
        source: Arc<ResolveError>,
    },
    /// The attempt did not come to its end.
    #[error("connecting to Temporal at {address} was broken off; is this process ending?")]
    BrokenOff {
        /// The server.
        address: String,
    },
}

/// Connects to `target` within the bound of the settings.
pub(super) async fn connect(
    target: &TemporalTarget,
    identity: &str,
    settings: &ConnectionSettings,
) -> Result<Client, ConnectError> {
    let address = target.address();
    let bound = settings.connect_timeout;
    let connection = match timeout(bound, Box::pin(dial(target, identity, settings))).await {
        Ok(connection) => connection?,
        Err(_) => return Err(ConnectError::Silent { address, bound }),
    };
    let client = Client::new(connection, ClientOptions::new(target.namespace()).build())
        .map_err(|error| ConnectError::Refused { address, source: Arc::new(error.into()) })?;
    tracing::info!(address = target.address(), namespace = target.namespace(), "connected to Temporal");
    Ok(client)
}

/// How long one attempt to connect may take. Less than a call may: so a call over a connection whose server has moved away ends
/// with a fault of the connection, and the next one resolves the name again.
const ONE_ATTEMPT: Duration = Duration::from_secs(3);

/// A connection to the server; to one of its addresses that may be dialled, where they are checked.
async fn dial(
    target: &TemporalTarget,
    identity: &str,
    settings: &ConnectionSettings,
) -> Result<Connection, ConnectError> {
    let connect = async |to: Option<SocketAddr>| {
        let one = settings.connect_timeout.min(ONE_ATTEMPT);
        let options = target.connection_options(to, identity.to_owned(), one, retries(settings));
        Connection::connect(options).await.map_err(|error| match error {
            ClientConnectError::TonicTransportError(error) => {
                ConnectError::Dial { address: target.address(), source: Arc::new(error) }
            }
            error => ConnectError::Refused { address: target.address(), source: Arc::new(error) },
        })
    };
    if !target.is_checked() {
        return connect(None).await;
    }
    let (host, port) = target.host_and_port();
    let allowed = settings.resolver.allowed(host, port).await;
    let allowed = allowed
        .map_err(|source| ConnectError::Address { address: target.address(), source: Arc::new(source) })?;
    let mut addresses = allowed.into_iter();
    let mut connection = connect(addresses.next()).await;
    for address in addresses {
        if connection.is_ok() {
            break;
        }
        connection = connect(Some(address)).await;
    }
    connection
}

/// Repeats quickly and gives up early: whoever calls has a bound of its own.
fn retries(settings: &ConnectionSettings) -> RetryOptions {
    RetryOptions::builder()
        .initial_interval(Duration::from_millis(50))
        .max_interval(Duration::from_millis(500))
        .max_elapsed_time(Some(settings.patience))
        .build()
}
