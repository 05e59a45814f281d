//! Where a process listens.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use tokio::net::TcpListener;

/// An address to listen on: `127.0.0.1:9090`, `[::1]:9090`, `localhost:9090`, or `:9090` for all addresses of this
/// machine. Port 0 takes a free port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddress {
    /// As it is written.
    text: String,
    port: u16,
}

/// Why a process cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}; is another process there, or does it need rights?")]
pub struct ListenError {
    address: ListenAddress,
    #[source]
    source: std::io::Error,
}

impl ListenAddress {
    /// Returns a listener on this address.
    ///
    /// # Errors
    /// When the address is in use, is not of this machine, or needs rights that the process does not have.
    pub async fn bind(&self) -> Result<TcpListener, ListenError> {
        let bound = if self.text.starts_with(':') {
            // Like Go's `:9090`: both families if there is IPv6, else IPv4 alone.
            match TcpListener::bind((Ipv6Addr::UNSPECIFIED, self.port)).await {
                Ok(listener) => Ok(listener),
                Err(_) => TcpListener::bind((Ipv4Addr::UNSPECIFIED, self.port)).await,
            }
        } else {
            TcpListener::bind(&self.text).await
        };
        bound.map_err(|source| ListenError { address: self.clone(), source })
    }
}

impl FromStr for ListenAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "write host:port or :port, such as 127.0.0.1:9090 or :9090";
        let text = text.trim();
        let (host, port) = text.rsplit_once(':').ok_or(EXPECTED)?;
        let sound = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => !host.contains([':', '/', '[', ']', ' ']),
        };
        match port.parse() {
            Ok(port) if sound => Ok(Self { text: text.to_owned(), port }),
            _ => Err(EXPECTED),
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
