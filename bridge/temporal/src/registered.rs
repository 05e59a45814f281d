//! The Temporal servers that the operator registers: the file of BRIDGE_TARGETS.
//!
//! ```toml
//! [cloud]
//! address = "acme.tmprl.cloud:7233"
//! namespaces = ["emco.acme", "lab.acme"]   # the first is the default
//! api_key_file = "/run/secrets/cloud-key"  # or api_key_env = "CLOUD_KEY"
//!
//! [edge]
//! address = "temporal.edge.svc:7233" namespaces = ["emco"] tls = { server_ca_cert_path = "/etc/edge/ca.pem",
//! client_cert_path = "/etc/edge/tls.crt", client_key_path = "/etc/edge/tls.key" }
//! ```

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::str::FromStr;

use temporal::{RegisteredTarget, TemporalTarget};
use workflow_api::glob::matches;

/// A Temporal server that callers may name, with its credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The name that callers can use instead of its address.
    pub name: String,
    /// The server, in its first namespace.
    pub target: TemporalTarget,
    /// The namespaces that callers may use.
    pub namespaces: Vec<String>,
}

/// The registered servers. The setting is the path of their file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegisteredTargets(Vec<Registered>);

/// Why the file of the registered servers cannot be used. Apart from names of settings, the text never quotes
/// the content of the file.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TargetsFileError(String);

impl TargetsFileError {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }
}

impl RegisteredTargets {
    /// Returns the server with this name or this address.
    pub fn find(&self, server: &str, address: Option<&str>) -> Option<&Registered> {
        let named = self.0.iter().find(|registered| registered.name == server);
        named.or_else(|| self.at(address?))
    }

    /// Returns the server at this address (`host:port`).
    pub(crate) fn at(&self, address: &str) -> Option<&Registered> {
        self.0.iter().find(|registered| registered.target.address() == address)
    }

    /// Parses the text of a file. `variable` looks up an environment variable.
    ///
    /// # Errors
    /// Returns an error if the text is not valid, or a server in it cannot be used.
    pub fn read(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, TargetsFileError> {
        let servers: BTreeMap<String, RegisteredTarget> = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            // `Display` would quote the line, which may have a key.
            TargetsFileError(format!("line {line} of the file is not valid: {}", error.message()))
        })?;
        let mut registered = Self::default();
        for (name, server) in servers {
            let target = server.target(&variable).map_err(|error| {
                let cause = workflow_api::chain(&error);
                TargetsFileError(format!("the server `{name}` cannot be used: {cause}"))
            })?;
            if let Some(same) = registered.at(&target.address()) {
                return Err(TargetsFileError(format!(
                    "the servers `{}` and `{name}` have the same address; register one of them, with the \
                     namespaces of both",
                    same.name
                )));
            }
            let mut namespaces = server.namespaces;
            if namespaces.is_empty() {
                namespaces.push(target.namespace().to_owned());
            }
            registered.0.push(Registered { name, target, namespaces });
        }
        Ok(registered)
    }
}

/// Patterns of namespaces, separated by commas, with `*` for any text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamespacePatterns(Vec<String>);

impl NamespacePatterns {
    /// Returns whether one of the patterns matches.
    pub fn allow(&self, namespace: &str) -> bool {
        self.0.iter().any(|pattern| matches(pattern, namespace))
    }
}

impl FromStr for NamespacePatterns {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let patterns = text.split(',').map(str::trim).filter(|pattern| !pattern.is_empty());
        Ok(Self(patterns.map(str::to_owned).collect()))
    }
}

impl FromStr for RegisteredTargets {
    type Err = TargetsFileError;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| TargetsFileError(format!("the file `{path}` cannot be read: {error}")))?;
        Self::read(&text, |name| std::env::var(name).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<RegisteredTargets, String> {
        RegisteredTargets::read(text, |name| (name == "KEY").then(|| "hunter2".to_owned()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn servers_are_found_by_name_and_by_address() {
        let targets = read(
            "[cloud]\naddress = \"Cloud:443\"\nnamespaces = [\"a\", \"b\"]\napi_key_env = \"KEY\"\n\
             [edge]\naddress = \"edge:7233\"\n",
        )
        .unwrap();
        let cloud = targets.find("cloud", None).unwrap();
        assert_eq!(cloud.target.address(), "cloud:443");
        assert_eq!(cloud.namespaces, ["a", "b"]);
        assert_eq!(targets.find("edge:7233", Some("edge:7233")).unwrap().namespaces, ["default"]);
        assert_eq!(targets.find("other", Some("other:7233")), None);
        assert!(!format!("{targets:?}").contains("hunter2"));
    }

    #[test]
    fn an_error_names_the_setting_but_quotes_no_value() {
        for (text, words) in [
            (
                "[a]\naddress = \"t\"\napi_key = \"hunter2\"\n",
                "line 3 of the file is not valid: unknown field `api_key`",
            ),
            ("[a]\naddress = \"t\"\n[a.tls]\nkey = \"hunter2\"\n", "unknown field `key`"),
            ("[a]\naddress = hunter2\n", "line 2"),
            ("[a]\n", "missing field `address`"),
            (
                "[a]\naddress = \"t\"\napi_key_env = \"NONE\"\n",
                "the server `a` cannot be used: api_key_env names",
            ),
            ("[a]\naddress = \"t\"\n[b]\naddress = \"T:7233\"\n", "`a` and `b` have the same address"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(words) && !error.contains("hunter2"), "{error}");
        }
        let error = "/nowhere/targets.toml".parse::<RegisteredTargets>().unwrap_err().to_string();
        assert!(error.contains("/nowhere/targets.toml"), "{error}");
    }
}
