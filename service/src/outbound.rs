//! What a process may dial if others name the host: the addresses that are always refused, and names that are resolved
//! once, so that the address that was checked is the one that is dialled.

#[cfg(feature = "http-client")]
pub mod guard;

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;

/// Resolves names to addresses.
pub trait Resolve: fmt::Debug + Send + Sync {
    /// Returns the addresses of `host`, in the order in which to try them.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// Resolves hosts to addresses that may be dialled. By default as the system does.
#[derive(Debug, Clone)]
pub struct Resolver(Arc<dyn Resolve>);

/// Why a host cannot be dialled.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// It has no address.
    #[error("the host `{host}` has no address")]
    Unknown {
        /// The host.
        host: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// It has only addresses that are always refused.
    #[error(
        "the host `{host}` leads to a link-local, metadata, multicast or unspecified address, which is never called"
    )]
    Forbidden {
        /// The host.
        host: String,
    },
}

impl Resolver {
    /// Resolves as `resolve` does.
    pub fn new(resolve: impl Resolve + 'static) -> Self {
        Self(Arc::new(resolve))
    }

    /// Returns the addresses of `host` (a name, or an address with or without brackets) that may be dialled: at least
    /// one.
    ///
    /// # Errors
    /// When there is none.
    pub async fn allowed(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let unknown = |source| ResolveError::Unknown { host: host.to_owned(), source };
        let found = match bare.parse() {
            Ok(address) => vec![address],
            Err(_) => self.0.resolve(bare).await.map_err(unknown)?,
        };
        if found.is_empty() {
            return Err(unknown(io::ErrorKind::NotFound.into()));
        }
        let allowed: Vec<_> = found
            .into_iter()
            .filter(|address| !is_forbidden(*address))
            .map(|address| SocketAddr::new(address, port))
            .collect();
        if allowed.is_empty() { Err(ResolveError::Forbidden { host: host.to_owned() }) } else { Ok(allowed) }
    }
}

impl Default for Resolver {
    fn default() -> Self {
        Self::new(System)
    }
}

/// Resolves as the system does.
#[derive(Debug)]
struct System;

impl Resolve for System {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect()) }
            .boxed()
    }
}

/// Whether `address` must never be dialled: link-local addresses (where clouds serve their credentials), other
/// well-known metadata addresses, and those that name no single host. IPv4 inside IPv6 counts as IPv4.
pub fn is_forbidden(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_forbidden_v4(address),
        IpAddr::V6(address) => is_forbidden_v6(address) || embedded_v4(address).is_some_and(is_forbidden_v4),
    }
}

fn is_forbidden_v4(address: Ipv4Addr) -> bool {
    /// The metadata services of Alibaba, Oracle and Azure, which are not link-local.
    const METADATA: [Ipv4Addr; 3] =
        [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192), Ipv4Addr::new(168, 63, 129, 16)];
    address.is_link_local()
        // 0.0.0.0/8, "this network": to Linux 0.0.0.0 is this machine.
        || address.octets()[0] == 0
        || address.is_multicast()
        || address.is_broadcast()
        || METADATA.contains(&address)
}

fn is_forbidden_v6(address: Ipv6Addr) -> bool {
    address.is_unicast_link_local()
        || address.is_unspecified()
        || address.is_multicast()
        // The metadata services of Amazon (fd00:ec2::/32), Google and Oracle, which are in the unique-local range.
        || matches!(
            address.segments(),
            [0xfd00, 0xec2, ..] | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254] | [0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe]
        )
}

/// Returns the IPv4 address that an IPv6 address leads to: mapped, compatible and translated (RFC 4291, RFC 7915),
/// NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056) and Teredo (RFC 4380).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => None,
        [0, 0, 0, 0, 0, 0xffff | 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 1, _, _, _, high, low]
        | [0x2002, high, low, ..] => Some(v4(high, low)),
        [0x2001, 0, _, _, _, _, high, low] => Some(v4(!high, !low)),
        _ => None,
    }
}
