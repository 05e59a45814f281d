//! Which Temporal servers and namespaces may be asked: the configured ones, those that the operator registers, and those that he
//! allows callers to name.

use std::net::IpAddr;

use service::outbound::is_forbidden;
use temporal::TemporalTarget;

use crate::hosts::{HostPatterns, HostPort};
use crate::targets::{NamespacePatterns, RegisteredTargets};

const TEMPORAL_PORT: u16 = 7233;

/// The Temporal servers that may be asked.
#[derive(Debug, Clone)]
pub struct Targets {
    /// The configured one.
    pub default: TemporalTarget,
    /// Those that are registered.
    pub registered: RegisteredTargets,
    /// Those that callers may name beside these; without credentials.
    pub allowed: HostPatterns,
    /// The namespaces that callers may name on servers that are not registered, beside the configured one.
    pub namespaces: NamespacePatterns,
}

/// Why a Temporal server or namespace that a caller named is not asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// It is no address.
    #[error(
        "temporalServer is `{0}`, which is no address: write host:port or the name of a registered server, or leave it out for the \
         configured one"
    )]
    NotAnAddress(String),
    /// It is none of those that may be asked.
    #[error(
        "the Temporal server `{0}` may not be asked: leave temporalServer out for the configured one, or ask the operator to \
         register it in BRIDGE_TARGETS or to add it to BRIDGE_TEMPORAL_SERVERS"
    )]
    NotAllowed(String),
    /// Its address is one that nobody may make us dial.
    #[error(
        "the Temporal server `{0}` may not be asked: link-local, metadata, multicast and unspecified addresses are never called"
    )]
    Forbidden(String),
    /// The namespace is none of those that may be asked.
    #[error(
        "the namespace `{namespace}` of the Temporal server `{server}` may not be asked: leave namespace out for the configured one, or \
         ask the operator to add it to {setting}"
    )]
    NamespaceNotAllowed {
        /// The namespace.
        namespace: String,
        /// The server, as it is known here.
        server: String,
        /// Which setting allows it.
        setting: &'static str,
    },
}

impl Targets {
    /// The target that `server` (`host:port`, or the name of a registered one) and `namespace` name; empty for the configured ones.
    ///
    /// # Errors
    /// When they may not be asked.
    pub fn resolve(&self, server: &str, namespace: &str) -> Result<TemporalTarget, TargetError> {
        if server.is_empty() {
            return self.in_namespace(self.default.clone(), namespace);
        }
        // Without a scheme: it would decide on TLS, which is not the caller's to decide.
        let named = (!server.contains('/'))
            .then(|| TemporalTarget::new(server, self.default.namespace()).ok())
            .flatten();
        let address = named.as_ref().map(TemporalTarget::address);
        if let Some(registered) = self.registered.find(server, address.as_deref()) {
            return if namespace.is_empty() {
                Ok(registered.target.clone())
            } else if registered.namespaces.iter().any(|allowed| allowed == namespace) {
                Ok(registered.target.clone().with_namespace(namespace))
            } else {
                Err(TargetError::NamespaceNotAllowed {
                    namespace: namespace.to_owned(),
                    server: registered.name.clone(),
                    setting: "the server's namespaces in BRIDGE_TARGETS",
                })
            };
        }
        let (Some(named), Some(address)) = (named, address) else {
            return Err(TargetError::NotAnAddress(server.to_owned()));
        };
        if address == self.default.address() {
            return self.in_namespace(self.default.clone(), namespace);
        }
        let host = HostPort::parse(&address, TEMPORAL_PORT)
            .ok_or_else(|| TargetError::NotAnAddress(server.to_owned()))?;
        if host.host.parse::<IpAddr>().is_ok_and(is_forbidden) {
            Err(TargetError::Forbidden(host.to_string()))
        } else if self.allowed.allow(&host) {
            self.in_namespace(named.checked(), namespace)
        } else {
            Err(TargetError::NotAllowed(host.to_string()))
        }
    }

    fn in_namespace(&self, target: TemporalTarget, namespace: &str) -> Result<TemporalTarget, TargetError> {
        if namespace.is_empty() || namespace == target.namespace() {
            Ok(target)
        } else if self.namespaces.allow(namespace) {
            Ok(target.with_namespace(namespace))
        } else {
            Err(TargetError::NamespaceNotAllowed {
                namespace: namespace.to_owned(),
                server: target.address(),
                setting: "BRIDGE_TEMPORAL_NAMESPACES",
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(allowed: &str) -> Targets {
        let file = "[cloud]\naddress = \"https://cloud.example:7233\"\nnamespaces = [\"a\", \"b\"]\n";
        Targets {
            default: TemporalTarget::new("temporal:7233", "emco").unwrap(),
            registered: RegisteredTargets::read(file, |_| None).unwrap(),
            allowed: allowed.parse().unwrap(),
            namespaces: "lab-*, other".parse().unwrap(),
        }
    }

    #[test]
    fn the_configured_server_is_always_allowed() {
        let targets = targets("");
        for server in ["", "temporal:7233", "temporal", "TEMPORAL:7233"] {
            assert_eq!(targets.resolve(server, "").unwrap(), targets.default, "{server}");
            assert_eq!(targets.resolve(server, "emco").unwrap(), targets.default, "{server}");
        }
    }

    #[test]
    fn others_must_match_a_pattern() {
        let resolved = targets("10.0.*:7233").resolve("10.0.0.1:7233", "").unwrap();
        assert_eq!((resolved.address(), resolved.namespace()), ("10.0.0.1:7233".to_owned(), "emco"));
        let error = targets("10.0.*:7233").resolve("10.0.0.1:80", "").unwrap_err();
        assert!(error.to_string().contains("BRIDGE_TEMPORAL_SERVERS"), "{error}");
    }

    #[test]
    fn registered_servers_go_by_name_and_by_address() {
        let targets = targets("*");
        for server in ["cloud", "cloud.example:7233", "Cloud.Example"] {
            let resolved = targets.resolve(server, "").unwrap();
            assert_eq!(resolved.namespace(), "a", "{server}");
            // Their own way, not the one of servers that match a pattern.
            assert!(format!("{resolved:?}").contains("https://cloud.example:7233/"), "{resolved:?}");
            assert_eq!(targets.resolve(server, "b").unwrap().namespace(), "b");
            let error = targets.resolve(server, "other").unwrap_err().to_string();
            assert!(error.contains("BRIDGE_TARGETS") && error.contains("`cloud`"), "{error}");
        }
    }

    #[test]
    fn namespaces_must_be_allowed() {
        let targets = targets("10.0.0.1");
        for server in ["", "temporal", "10.0.0.1"] {
            for namespace in ["lab-1", "other"] {
                assert_eq!(targets.resolve(server, namespace).unwrap().namespace(), namespace);
            }
            let error = targets.resolve(server, "a").unwrap_err().to_string();
            assert!(error.contains("`a`") && error.contains("BRIDGE_TEMPORAL_NAMESPACES"), "{error}");
        }
    }

    #[test]
    fn metadata_addresses_are_refused_whatever_is_allowed() {
        for server in ["169.254.169.254:80", "2852039166:80", "[::ffff:169.254.169.254]:80", "[fe80::1]"] {
            let resolved = targets("*").resolve(server, "");
            assert!(matches!(resolved, Err(TargetError::Forbidden(_))), "{server}: {resolved:?}");
        }
    }

    #[test]
    fn other_texts_are_no_addresses() {
        for server in ["http://temporal:7233", "host:port", "a b", ":7233", "user@temporal"] {
            let resolved = targets("*").resolve(server, "");
            assert!(matches!(resolved, Err(TargetError::NotAnAddress(_))), "{server}: {resolved:?}");
        }
    }
}
