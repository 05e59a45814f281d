//! Whom a process may dial where somebody else names the host: which addresses are refused always, and names resolved so that what
//! was checked is what is dialled.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;

/// Whoever knows the addresses of names.
pub trait Resolve: fmt::Debug + Send + Sync {
    /// The addresses of `host`, in the order in which to try them.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// Resolves hosts to addresses that may be dialled. By default as the system does; clones are one.
#[derive(Debug, Clone)]
pub struct Resolver(Arc<dyn Resolve>);

/// Why a host cannot be dialled.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// Nobody knows it.
    #[error("the host `{host}` has no address")]
    Unknown {
        /// The host.
        host: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It leads nowhere but to addresses that are refused always.
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

    /// The addresses of `host` (a name, or an address with or without brackets) that may be dialled: at least one.
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

/// The system's own way.
#[derive(Debug)]
struct System;

impl Resolve for System {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect()) }
            .boxed()
    }
}

/// Whether nobody may make us dial `address`: link-local addresses (where clouds keep their credentials), other well-known metadata
/// addresses, and those that name no single host. IPv4 inside IPv6 counts as IPv4.
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
        // 0.0.0.0/8, "this network": Linux takes 0.0.0.0 for itself.
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

/// The IPv4 address that an IPv6 address leads to: mapped, compatible and translated (RFC 4291, RFC 7915), NAT64 (RFC 6052, RFC 8215),
/// 6to4 (RFC 3056) and Teredo (RFC 4380).
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_addresses_are_forbidden_in_every_form() {
        for text in [
            "169.254.169.254",
            "169.254.0.1",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "fe80::1",
            "ff02::1",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",
            "fd00:c1::a9fe:a9fe",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "::ffff:0:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "2001:0:102:304::5601:5601",
        ] {
            assert!(is_forbidden(text.parse().unwrap()), "{text}");
        }
        for text in [
            "127.0.0.1",
            "10.0.0.1",
            "192.168.0.33",
            "8.8.8.8",
            "::1",
            "fd00::1",
            "2001:db8::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
        ] {
            assert!(!is_forbidden(text.parse().unwrap()), "{text}");
        }
    }

    /// Knows these addresses, whatever the name.
    #[derive(Debug)]
    struct Fixed(&'static [&'static str]);

    impl Resolve for Fixed {
        fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
            let addresses = self.0.iter().map(|address| address.parse().unwrap()).collect();
            async { Ok(addresses) }.boxed()
        }
    }

    #[tokio::test]
    async fn only_addresses_that_may_be_dialled_are_told() {
        let resolver = Resolver::new(Fixed(&["169.254.169.254", "10.0.0.1", "::ffff:169.254.169.254"]));
        assert_eq!(resolver.allowed("name", 80).await.unwrap(), ["10.0.0.1:80".parse().unwrap()]);
        let resolver = Resolver::new(Fixed(&["169.254.169.254"]));
        assert!(matches!(resolver.allowed("name", 80).await, Err(ResolveError::Forbidden { .. })));
        assert!(matches!(
            Resolver::new(Fixed(&[])).allowed("name", 80).await,
            Err(ResolveError::Unknown { .. })
        ));
    }

    #[tokio::test]
    async fn addresses_are_checked_without_being_resolved() {
        let resolver = Resolver::new(Fixed(&[]));
        assert_eq!(resolver.allowed("[::1]", 80).await.unwrap(), ["[::1]:80".parse().unwrap()]);
        for host in ["[fe80::1]", "169.254.169.254", "::ffff:a9fe:a9fe"] {
            assert!(
                matches!(resolver.allowed(host, 80).await, Err(ResolveError::Forbidden { .. })),
                "{host}"
            );
        }
    }
}
