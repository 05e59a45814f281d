//! Making the connection: an address, TLS where it is asked for, HTTP/2.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Ping, PingPong};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;

use super::{Origin, tls};
use crate::target::Tls;

/// How much a server may send ahead, of one call and of all: pages of a history come in one go.
const AHEAD: u32 = 2 << 20;
const ALL_AHEAD: u32 = 5 << 20;
/// How often the server is asked whether it is there, and how long it has to say so: as the SDK does.
const ASK_EACH: Duration = Duration::from_secs(30);
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// What is agreed on in the TLS handshake (RFC 9113 §3.3).
pub(super) const ALPN: &[u8] = b"h2";

/// Where a server is and how to speak to it.
#[derive(Debug)]
pub(in super::super) struct Dial {
    place: Place,
    origin: Origin,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

/// What is dialled.
#[derive(Debug)]
pub(in super::super) enum Place {
    /// This address and no other.
    Address(SocketAddr),
    /// Whatever the host's name leads to when it is dialled.
    Host(String, u16),
}

/// Why a server cannot be reached, or not be spoken to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// What the settings say of TLS cannot be used.
    #[error("{what} cannot be used")]
    Settings {
        /// What of it.
        what: &'static str,
        /// Why not.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The host has no address.
    #[error("the host `{host}` has no address")]
    Unknown {
        /// The host.
        host: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Nobody takes a connection there.
    #[error("no connection to {address}")]
    Refused {
        /// The last address that was tried.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The server and we do not agree on TLS.
    #[error("the TLS handshake failed")]
    Tls(#[source] io::Error),
    /// TLS is agreed on, HTTP/2 is not.
    #[error("the server does not take HTTP/2 over TLS, which gRPC needs")]
    NotHttp2,
    /// The connection broke at once.
    #[error("the connection broke as it began")]
    Http2(#[source] h2::Error),
    /// Nothing came of it in time.
    #[error("no connection within {0:?}")]
    Silent(Duration),
    /// The attempt did not come to its end.
    #[error("the attempt was broken off")]
    BrokenOff,
}

impl DialError {
    pub(in super::super) fn settings(
        what: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Settings { what, source: source.into() }
    }
}

impl Dial {
    /// `tls` with the name that the server must prove.
    ///
    /// # Errors
    /// When the settings of TLS cannot be used.
    pub(in super::super) async fn new(
        place: Place,
        origin: Origin,
        tls: Option<(Tls, String)>,
    ) -> Result<Self, DialError> {
        let Some((tls, name)) = tls else { return Ok(Self { place, origin, tls: None }) };
        let name = ServerName::try_from(bare(&name).to_owned())
            .map_err(|error| DialError::settings("the server's name", error))?;
        // The system's authorities are files, and many.
        let config = tokio::task::spawn_blocking(move || tls::config(&tls)).await;
        let config = config.map_err(|_| DialError::BrokenOff)??;
        Ok(Self { place, origin, tls: Some((Arc::new(config), name)) })
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(super) async fn connect(&self) -> Result<SendRequest<Bytes>, DialError> {
        let stream = self.reach().await?;
        let Some((config, name)) = &self.tls else { return speak(Box::new(stream)).await };
        let connector = TlsConnector::from(Arc::clone(config));
        let stream = connector.connect(name.clone(), stream).await.map_err(DialError::Tls)?;
        if stream.get_ref().1.alpn_protocol() != Some(ALPN) {
            return Err(DialError::NotHttp2);
        }
        speak(Box::new(stream)).await
    }

    async fn reach(&self) -> Result<TcpStream, DialError> {
        let addresses = match &self.place {
            Place::Address(address) => vec![*address],
            Place::Host(host, port) => resolved(host, *port).await?,
        };
        let mut refused = None;
        for address in addresses {
            match TcpStream::connect(address).await.and_then(|stream| {
                // What is written is whole: nothing is won by waiting for more.
                stream.set_nodelay(true)?;
                Ok(stream)
            }) {
                Ok(stream) => return Ok(stream),
                Err(source) => refused = Some(DialError::Refused { address, source }),
            }
        }
        Err(refused.unwrap_or(DialError::BrokenOff))
    }
}

/// The addresses of a host, beginning with any of them: several frontends share what several processes and cores ask.
async fn resolved(host: &str, port: u16) -> Result<Vec<SocketAddr>, DialError> {
    let unknown = |source| DialError::Unknown { host: host.to_owned(), source };
    let mut addresses: Vec<_> = tokio::net::lookup_host((bare(host), port)).await.map_err(unknown)?.collect();
    if addresses.is_empty() {
        return Err(unknown(io::ErrorKind::NotFound.into()));
    }
    let first = fastrand::usize(..addresses.len());
    addresses.rotate_left(first);
    Ok(addresses)
}

/// Without the brackets that addresses have in URLs.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Bytes both ways, with TLS or without: one kind, so that HTTP/2 is compiled once.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

async fn speak(stream: Box<dyn Stream>) -> Result<SendRequest<Bytes>, DialError> {
    let mut client = h2::client::Builder::new();
    client.initial_window_size(AHEAD).initial_connection_window_size(ALL_AHEAD).enable_push(false);
    let (sender, mut connection) = client.handshake(stream).await.map_err(DialError::Http2)?;
    let pings = connection.ping_pong();
    tokio::spawn(async move {
        tokio::select! {
            biased;
            // Those who call learn of an error, too.
            _ = connection => {}
            // With the connection ends whatever is under way on it.
            () = silence(pings) => tracing::warn!("a connection to Temporal fell silent"),
        }
    });
    Ok(sender)
}

/// Ends when the server no longer says that it is there.
async fn silence(pings: Option<PingPong>) {
    let Some(mut pings) = pings else { return std::future::pending().await };
    loop {
        sleep(ASK_EACH).await;
        match timeout(ANSWER_WITHIN, pings.ping(Ping::opaque())).await {
            Ok(Ok(_)) => {}
            // The connection's own end.
            Ok(Err(_)) => return std::future::pending().await,
            Err(_) => return,
        }
    }
}
