//! Addresses that a process may dial.

use std::io;
use std::net::IpAddr;

use futures::FutureExt;
use futures::future::BoxFuture;
use service::outbound::{Resolve, ResolveError, Resolver, is_forbidden};

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
async fn only_addresses_that_may_be_dialled_are_returned() {
    let resolver = Resolver::new(Fixed(&["169.254.169.254", "10.0.0.1", "::ffff:169.254.169.254"]));
    assert_eq!(resolver.allowed("name", 80).await.unwrap(), ["10.0.0.1:80".parse().unwrap()]);
    let resolver = Resolver::new(Fixed(&["169.254.169.254"]));
    assert!(matches!(resolver.allowed("name", 80).await, Err(ResolveError::Forbidden { .. })));
    assert!(matches!(Resolver::new(Fixed(&[])).allowed("name", 80).await, Err(ResolveError::Unknown { .. })));
}

#[tokio::test]
async fn addresses_are_checked_without_being_resolved() {
    let resolver = Resolver::new(Fixed(&[]));
    assert_eq!(resolver.allowed("[::1]", 80).await.unwrap(), ["[::1]:80".parse().unwrap()]);
    for host in ["[fe80::1]", "169.254.169.254", "::ffff:a9fe:a9fe"] {
        assert!(matches!(resolver.allowed(host, 80).await, Err(ResolveError::Forbidden { .. })), "{host}");
    }
}
