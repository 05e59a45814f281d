//! The proxies that are trusted to name the user.

use std::net::IpAddr;
use std::str::FromStr;

use super::networks::Networks;

/// The peers whose user header is believed, separated by commas: networks (`10.0.0.0/8`), single addresses, and names
/// as they stand in a client certificate (`spiffe://cluster.local/ns/istio-system/sa/gateway`,
/// `gateway.example.org`). None by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    networks: Networks,
    names: Vec<String>,
}

impl TrustedProxies {
    /// Whether no peer is trusted.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.names.is_empty()
    }

    /// Whether the peer at this address, or with a verified certificate of this name, is trusted.
    pub(super) fn trust(&self, peer: Option<IpAddr>, certificate: Option<&str>) -> bool {
        self.networks.contain(peer)
            || certificate.is_some_and(|name| self.names.iter().any(|trusted| trusted == name))
    }
}

impl FromStr for TrustedProxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut proxies = Self::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            if proxies.networks.add(entry) {
                continue;
            }
            if is_name(entry) {
                proxies.names.push(entry.to_owned());
            } else {
                return Err(format!(
                    "`{entry}` is no proxy: write a network such as 10.0.0.0/8, an address, or the name in a client \
                     certificate"
                ));
            }
        }
        Ok(proxies)
    }
}

/// Whether it can be the name in a certificate. A network or an address with a mistake cannot: it has a slash or a
/// colon, or ends in a number.
fn is_name(text: &str) -> bool {
    match text.strip_prefix("spiffe://") {
        Some(path) => !path.is_empty() && path.chars().all(|c| c.is_ascii_graphic()),
        None => {
            let last = text.rsplit('.').next().unwrap_or_default();
            text.chars().all(|c| c.is_alphanumeric() || "-._@".contains(c))
                && !last.chars().all(|c| c.is_ascii_digit())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(proxies: &str, peer: &str, certificate: Option<&str>) -> bool {
        proxies.parse::<TrustedProxies>().unwrap().trust(peer.parse().ok(), certificate)
    }

    #[test]
    fn nobody_is_trusted_by_default() {
        for proxies in ["", " ", ","] {
            assert_eq!(proxies.parse(), Ok(TrustedProxies::default()));
        }
        assert!(!trust("", "127.0.0.1", Some("")));
    }

    #[test]
    fn networks_and_addresses_are_trusted() {
        let proxies = "10.0.0.0/8, 192.0.2.7,fd00::/8,::ffff:192.0.2.8";
        for peer in ["10.1.2.3", "::ffff:10.1.2.3", "192.0.2.7", "192.0.2.8", "::ffff:192.0.2.8", "fd12::1"] {
            assert!(trust(proxies, peer, None), "{peer}");
        }
        for peer in ["11.1.2.3", "::ffff:11.1.2.3", "192.0.2.9", "fe80::1", "nowhere"] {
            assert!(!trust(proxies, peer, None), "{peer}");
        }
        assert!(!trust("::/0", "10.1.2.3", None) && !trust("::/0", "::ffff:10.1.2.3", None));
    }

    #[test]
    fn names_in_certificates_are_trusted_as_they_are_written() {
        let proxies = "spiffe://cluster.local/ns/istio-system/sa/gateway,gateway.example.org,proxy";
        for name in proxies.split(',') {
            assert!(trust(proxies, "192.0.2.1", Some(name)), "{name}");
        }
        for name in ["", "Proxy", "a.gateway.example.org", "spiffe://cluster.local"] {
            assert!(!trust(proxies, "192.0.2.1", Some(name)), "{name}");
        }
    }

    #[test]
    fn other_texts_are_refused_by_name() {
        for text in [
            "10.0.0.0/33",
            "10.0.0",
            "10.0.0.256",
            "10.0.0.1:80",
            "fe80::/200",
            "fe80:::a",
            "*",
            "two words",
            "http://proxy",
            "spiffe://",
            "spiffe://a b",
        ] {
            let error = format!("10.0.0.0/8,{text}").parse::<TrustedProxies>().unwrap_err();
            assert!(error.starts_with(&format!("`{text}` is no proxy: write a network")), "{error}");
        }
    }
}
