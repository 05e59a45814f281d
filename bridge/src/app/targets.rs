//! Which Temporal servers may be asked: the configured one, and those that the operator allows callers to name.

use std::net::IpAddr;

use service::temporal::TemporalTarget;

use crate::hosts::{HostPatterns, HostPort, is_forbidden};

const TEMPORAL_PORT: u16 = 7233;

/// The Temporal servers that may be asked.
#[derive(Debug, Clone)]
pub struct Targets {
    /// The configured one.
    pub default: TemporalTarget,
    /// Those that callers may name beside it.
    pub allowed: HostPatterns,
}

/// Why a Temporal server that a caller named is not asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// It is no address.
    #[error(
        "temporalServer is `{0}`, which is no address: write host:port, or leave it out for the configured server"
    )]
    NotAnAddress(String),
    /// It is none of those that may be asked.
    #[error(
        "the Temporal server `{0}` may not be asked: leave temporalServer out for the configured one, \
         or ask the operator to add it to BRIDGE_TEMPORAL_SERVERS"
    )]
    NotAllowed(String),
}

impl Targets {
    /// The target that `server` (`host:port`) names; empty for the configured one.
    ///
    /// # Errors
    /// When it is no address, or may not be asked.
    pub fn resolve(&self, server: &str) -> Result<TemporalTarget, TargetError> {
        if server.is_empty() {
            return Ok(self.default.clone());
        }
        let not_an_address = || TargetError::NotAnAddress(server.to_owned());
        // `host:port` alone: a scheme would decide on TLS, which is not the caller's to decide.
        if server.contains('/') {
            return Err(not_an_address());
        }
        let named = TemporalTarget::new(server, self.default.namespace()).map_err(|_| not_an_address())?;
        if named.address() == self.default.address() {
            return Ok(self.default.clone());
        }
        let host = HostPort::parse(&named.address(), TEMPORAL_PORT).ok_or_else(not_an_address)?;
        let forbidden = host.host.parse::<IpAddr>().is_ok_and(is_forbidden);
        if forbidden || !self.allowed.allow(&host) {
            return Err(TargetError::NotAllowed(host.to_string()));
        }
        Ok(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(allowed: &str) -> Targets {
        Targets {
            default: TemporalTarget::new("temporal:7233", "emco").unwrap(),
            allowed: allowed.parse().unwrap(),
        }
    }

    #[test]
    fn the_configured_server_is_always_allowed() {
        let targets = targets("");
        for server in ["", "temporal:7233", "temporal", "TEMPORAL:7233"] {
            assert_eq!(targets.resolve(server).unwrap(), targets.default, "{server}");
        }
    }

    #[test]
    fn others_must_match_a_pattern() {
        let resolved = targets("10.0.*:7233").resolve("10.0.0.1:7233").unwrap();
        assert_eq!((resolved.address(), resolved.namespace()), ("10.0.0.1:7233".to_owned(), "emco"));
        let error = targets("10.0.*:7233").resolve("10.0.0.1:80").unwrap_err();
        assert!(error.to_string().contains("BRIDGE_TEMPORAL_SERVERS"), "{error}");
    }

    #[test]
    fn metadata_addresses_are_refused_whatever_is_allowed() {
        for server in ["169.254.169.254:80", "2852039166:80", "[::ffff:169.254.169.254]:80", "[fe80::1]"] {
            let resolved = targets("*").resolve(server);
            assert!(matches!(resolved, Err(TargetError::NotAllowed(_))), "{server}: {resolved:?}");
        }
    }

    #[test]
    fn other_texts_are_no_addresses() {
        for server in ["http://temporal:7233", "host:port", "a b", ":7233"] {
            let resolved = targets("*").resolve(server);
            assert!(matches!(resolved, Err(TargetError::NotAnAddress(_))), "{server}: {resolved:?}");
        }
    }
}
