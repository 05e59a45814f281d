//! Where a process listens.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use tokio::net::TcpListener;

/// An address to listen on: `127.0.0.1:9090`, `[::1]:9090`, `localhost:9090`, or `:9090` for all addresses of this machine.
/// Port 0 takes a free port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddress {
    /// Empty for all addresses.
    host: String,
    port: u16,
}

/// Why a text is not an address to listen on.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("write host:port or :port, such as 127.0.0.1:9090 or :9090")]
pub struct ListenAddressError;

/// Why a process cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}; is another process there, or does it need rights?")]
pub struct ListenError {
    address: ListenAddress,
    #[source]
    source: std::io::Error,
}

impl ListenAddress {
    /// The listener on this address.
    ///
    /// # Errors
    /// When the address is taken, not ours, or needs rights that the process has not.
    pub async fn bind(&self) -> Result<TcpListener, ListenError> {
        let bound = if self.host.is_empty() {
            // Like Go's `:9090`: both families where there is IPv6, else IPv4 alone.
            match TcpListener::bind((Ipv6Addr::UNSPECIFIED, self.port)).await {
                Ok(listener) => Ok(listener),
                Err(_) => TcpListener::bind((Ipv4Addr::UNSPECIFIED, self.port)).await,
            }
        } else {
            TcpListener::bind((self.host.as_str(), self.port)).await
        };
        bound.map_err(|source| ListenError { address: self.clone(), source })
    }
}

impl FromStr for ListenAddress {
    type Err = ListenAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, port) = text.trim().rsplit_once(':').ok_or(ListenAddressError)?;
        let port = port.parse().map_err(|_| ListenAddressError)?;
        let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(address) if address.parse::<Ipv6Addr>().is_ok() => address,
            Some(_) => return Err(ListenAddressError),
            None if host.contains([':', '/', '[', ']', ' ']) => return Err(ListenAddressError),
            None => host,
        };
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.parse() {
            Ok(IpAddr::V6(address)) => write!(f, "[{address}]:{}", self.port),
            _ => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<ListenAddress, ListenAddressError> {
        text.parse()
    }

    #[test]
    fn addresses_print_as_they_are_written() {
        for text in ["127.0.0.1:9090", "[::1]:9090", "localhost:0", ":9090"] {
            assert_eq!(parsed(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_no_addresses() {
        for text in [
            "",
            "9090",
            "localhost",
            "localhost:",
            ":port",
            "::1:9090",
            "[oops]:1",
            "http://host:80",
            ":70000",
        ] {
            assert_eq!(parsed(text), Err(ListenAddressError), "{text}");
        }
    }

    #[tokio::test]
    async fn a_free_port_is_taken_on_all_addresses() {
        let listener = parsed(":0").unwrap().bind().await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    }

    #[tokio::test]
    async fn a_taken_address_is_named() {
        let first = parsed("127.0.0.1:0").unwrap().bind().await.unwrap();
        let address = first.local_addr().unwrap().to_string();
        let error = parsed(&address).unwrap().bind().await.unwrap_err();
        assert!(error.to_string().contains(&address), "{error}");
    }
}
