//! The servers and namespaces of the workflow engine that callers may use.

use workflow_api::{Namespace, cut};

use crate::model::Target;

/// Finds the server and the namespace in a request, and checks that callers may use them.
pub trait Targets: std::fmt::Debug + Send + Sync {
    /// Returns the configured server and namespace.
    fn home(&self) -> Target;

    /// Returns the target with this server (`host:port`, or the name of a registered server) and this
    /// namespace. An empty text means the configured one.
    ///
    /// # Errors
    /// Returns an error if callers may not use them.
    fn resolve(&self, server: &str, namespace: &Namespace) -> Result<Target, TargetError>;
}

/// Why callers may not use a server or namespace.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The server is not an address.
    #[error(
        "temporalServer is `{}`, which is not an address: write host:port or the name of a registered server, \
         or leave it out for the configured one",
        cut(.0)
    )]
    NotAnAddress(String),
    /// The operator does not allow the server.
    #[error(
        "the Temporal server `{}` is not allowed: leave temporalServer out for the configured one, or ask the \
         operator to register it in BRIDGE_TARGETS or to add it to BRIDGE_TEMPORAL_SERVERS",
        cut(.0)
    )]
    NotAllowed(String),
    /// The server's address is never called.
    #[error(
        "the Temporal server `{0}` is not allowed: link-local, metadata, multicast and unspecified \
         addresses are never called"
    )]
    Forbidden(String),
    /// The operator does not allow the namespace.
    #[error(
        "the namespace `{}` of the Temporal server `{server}` is not allowed: leave namespace out \
         for the configured one, or ask the operator to add it to {setting}",
        cut(.namespace)
    )]
    NamespaceNotAllowed {
        /// The namespace.
        namespace: String,
        /// The server's address or registered name.
        server: String,
        /// The setting that would allow it.
        setting: &'static str,
    },
}
