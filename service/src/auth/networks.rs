//! Networks of peers.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// Networks and addresses, separated by commas: `10.0.0.0/8,192.0.2.7`. None by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Whether a peer at this address is in one of the networks.
    pub(super) fn contain(&self, peer: Option<IpAddr>) -> bool {
        // A listener for both families sees IPv4 inside IPv6.
        let peer = peer.map(|peer| peer.to_canonical());
        peer.is_some_and(|peer| self.0.iter().any(|network| network.contains(&peer)))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the network or address that `text` is, and returns whether it is one.
    pub(super) fn add(&mut self, text: &str) -> bool {
        let address = |address: IpAddr| IpNet::from(address.to_canonical());
        let network = text.parse().or_else(|_| text.parse().map(address)).ok();
        self.0.extend(network);
        network.is_some()
    }
}

impl FromStr for Networks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut networks = Self::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            if !networks.add(entry) {
                return Err(format!("`{entry}` is no network: write 10.0.0.0/8, or an address"));
            }
        }
        Ok(networks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_addresses_contain_peers() {
        let networks: Networks = "10.0.0.0/8, 192.0.2.7,fd00::/8".parse().unwrap();
        for (peer, is_in) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("192.0.2.7", true),
            ("fd12::1", true),
            ("192.0.2.8", false),
            ("::1", false),
        ] {
            assert_eq!(networks.contain(peer.parse().ok()), is_in, "{peer}");
        }
        assert!(!networks.contain(None));
        assert_eq!("".parse(), Ok(Networks::default()));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["10.0.0.0/33", "host", "10.0.0.1:80", "*"] {
            let error = text.parse::<Networks>().unwrap_err();
            assert!(error.starts_with(&format!("`{text}` is no network")), "{error}");
        }
    }
}
