//! The Temporal servers and namespaces that callers may use: the configured ones, the registered ones, and
//! those that match the operator's patterns.

use std::net::IpAddr;

use bridge_core::model::Target;
use bridge_core::ports::{TargetError, Targets};
use service::hosts::{HostPatterns, HostPort};
use service::outbound::is_forbidden;
use temporal::{AddressError, TemporalTarget};
use workflow_api::Namespace;

use crate::registered::{NamespacePatterns, RegisteredTargets, TargetsFileError};

const TEMPORAL_PORT: u16 = 7233;

/// The Temporal servers that callers may use.
#[derive(Debug, Clone)]
pub struct TemporalTargets {
    /// The configured server.
    pub default: TemporalTarget,
    /// The registered servers.
    pub registered: RegisteredTargets,
    /// Patterns of other servers; they are called without credentials.
    pub allowed: HostPatterns,
    /// Patterns of namespaces on servers that are not registered, in addition to the configured one.
    pub namespaces: NamespacePatterns,
}

impl Targets for TemporalTargets {
    fn home(&self) -> Target {
        neutral(&self.default)
    }

    fn resolve(&self, server: &str, namespace: &Namespace) -> Result<Target, TargetError> {
        self.find(server, namespace.as_str()).map(|target| neutral(&target))
    }
}

impl TemporalTargets {
    /// Returns the servers that callers may use.
    ///
    /// # Errors
    /// Returns an error if a registered server has the address of the configured one: their credentials could
    /// not be distinguished.
    pub fn new(
        default: TemporalTarget,
        registered: RegisteredTargets,
        allowed: HostPatterns,
        namespaces: NamespacePatterns,
    ) -> Result<Self, TargetsFileError> {
        if let Some(same) = registered.at(&default.address()) {
            return Err(TargetsFileError::new(format!(
                "the server `{}` has the address of the configured one, {}; remove it, and allow its \
                 namespaces with BRIDGE_TEMPORAL_NAMESPACES",
                same.name,
                default.address()
            )));
        }
        Ok(Self { default, registered, allowed, namespaces })
    }

    /// Allows only the configured server.
    #[must_use]
    pub fn only(default: TemporalTarget) -> Self {
        Self {
            default,
            registered: RegisteredTargets::default(),
            allowed: HostPatterns::default(),
            namespaces: NamespacePatterns::default(),
        }
    }

    /// Returns how to connect to a target: with the credentials of the configured or the registered server,
    /// else without any.
    ///
    /// # Errors
    /// Returns an error if the target is not an address.
    pub(crate) fn connected(&self, target: &Target) -> Result<TemporalTarget, AddressError> {
        let namespace = target.namespace.as_str();
        if target.server == self.default.address() {
            return Ok(self.default.clone().with_namespace(namespace));
        }
        match self.registered.at(&target.server) {
            Some(registered) => Ok(registered.target.clone().with_namespace(namespace)),
            None => Ok(TemporalTarget::new(&target.server, namespace)?.checked()),
        }
    }

    fn find(&self, server: &str, namespace: &str) -> Result<TemporalTarget, TargetError> {
        if server.is_empty() {
            return self.in_namespace(self.default.clone(), namespace);
        }
        // A scheme is not accepted: it would decide about TLS, which the caller must not do.
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

fn neutral(target: &TemporalTarget) -> Target {
    Target { server: target.address(), namespace: target.namespace().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(allowed: &str) -> TemporalTargets {
        let file = "[cloud]\naddress = \"https://cloud.example:7233\"\nnamespaces = [\"a\", \"b\"]\n";
        TemporalTargets::new(
            TemporalTarget::new("temporal:7233", "emco").unwrap(),
            RegisteredTargets::read(file, |_| None).unwrap(),
            allowed.parse().unwrap(),
            "lab-*, other".parse().unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn a_registered_server_is_not_the_configured_one() {
        let file = "[own]\naddress = \"Temporal\"\napi_key_env = \"KEY\"\n";
        let registered = RegisteredTargets::read(file, |_| Some("hunter2".to_owned())).unwrap();
        let default = TemporalTarget::new("temporal:7233", "emco").unwrap();
        let other = (HostPatterns::default(), NamespacePatterns::default());
        let error = TemporalTargets::new(default, registered, other.0, other.1).unwrap_err().to_string();
        assert!(error.contains("`own`") && error.contains("temporal:7233"), "{error}");
    }

    #[test]
    fn each_server_gets_its_own_credentials() {
        let targets = targets("*");
        for (server, expected) in [
            ("temporal", targets.default.clone()),
            ("cloud", targets.registered.at("cloud.example:7233").unwrap().target.clone()),
            ("10.0.0.1", TemporalTarget::new("10.0.0.1", "emco").unwrap().checked()),
        ] {
            let target = targets.resolve(server, &Namespace::default()).unwrap();
            assert_eq!(targets.connected(&target).unwrap(), expected);
        }
    }

    #[test]
    fn the_configured_server_is_always_allowed() {
        let targets = targets("");
        for server in ["", "temporal:7233", "temporal", "TEMPORAL:7233"] {
            assert_eq!(targets.find(server, "").unwrap(), targets.default, "{server}");
            assert_eq!(targets.find(server, "emco").unwrap(), targets.default, "{server}");
        }
    }

    #[test]
    fn others_must_match_a_pattern() {
        let resolved = targets("10.0.*:7233").find("10.0.0.1:7233", "").unwrap();
        assert_eq!((resolved.address(), resolved.namespace()), ("10.0.0.1:7233".to_owned(), "emco"));
        let error = targets("10.0.*:7233").find("10.0.0.1:80", "").unwrap_err();
        assert!(error.to_string().contains("BRIDGE_TEMPORAL_SERVERS"), "{error}");
    }

    #[test]
    fn registered_servers_go_by_name_and_by_address() {
        let targets = targets("*");
        for server in ["cloud", "cloud.example:7233", "Cloud.Example"] {
            let resolved = targets.find(server, "").unwrap();
            assert_eq!(resolved.namespace(), "a", "{server}");
            // With their own settings, not those of a pattern.
            assert!(format!("{resolved:?}").contains("https://cloud.example:7233/"), "{resolved:?}");
            assert_eq!(targets.find(server, "b").unwrap().namespace(), "b");
            let error = targets.find(server, "other").unwrap_err().to_string();
            assert!(error.contains("BRIDGE_TARGETS") && error.contains("`cloud`"), "{error}");
        }
    }

    #[test]
    fn namespaces_must_be_allowed() {
        let targets = targets("10.0.0.1");
        for server in ["", "temporal", "10.0.0.1"] {
            for namespace in ["lab-1", "other"] {
                assert_eq!(targets.find(server, namespace).unwrap().namespace(), namespace);
            }
            let error = targets.find(server, "a").unwrap_err().to_string();
            assert!(error.contains("`a`") && error.contains("BRIDGE_TEMPORAL_NAMESPACES"), "{error}");
        }
    }

    #[test]
    fn metadata_addresses_are_refused_whatever_is_allowed() {
        for server in ["169.254.169.254:80", "2852039166:80", "[::ffff:169.254.169.254]:80", "[fe80::1]"] {
            let resolved = targets("*").find(server, "");
            assert!(matches!(resolved, Err(TargetError::Forbidden(_))), "{server}: {resolved:?}");
        }
    }

    #[test]
    fn other_texts_are_no_addresses() {
        for server in ["http://temporal:7233", "host:port", "a b", ":7233", "user@temporal"] {
            let resolved = targets("*").find(server, "");
            assert!(matches!(resolved, Err(TargetError::NotAnAddress(_))), "{server}: {resolved:?}");
        }
    }
}
