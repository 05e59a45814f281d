//! The servers and namespaces of the workflow engine that callers may use.

use workflow_api::Namespace;

use crate::model::Target;

/// Finds the server and the namespace that a caller means, and checks that the caller may use them.
pub trait Targets: std::fmt::Debug + Send + Sync {
    /// Returns the configured server and namespace.
    fn home(&self) -> Target;

    /// Returns the target that `server` (`host:port`, or the name of a registered server) and `namespace` name. An empty text means
    /// the configured one.
    ///
    /// # Errors
    /// When they may not be used.
    fn resolve(&self, server: &str, namespace: &Namespace) -> Result<Target, TargetError>;
}

/// Why a server or namespace that a caller named is not used.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The server is no address.
    #[error(
        "temporalServer is `{0}`, which is no address: write host:port or the name of a registered server, or leave it out for the \
         configured one"
    )]
    NotAnAddress(String),
    /// The operator does not allow the server.
    #[error(
        "the Temporal server `{0}` may not be asked: leave temporalServer out for the configured one, or ask the operator to \
         register it in BRIDGE_TARGETS or to add it to BRIDGE_TEMPORAL_SERVERS"
    )]
    NotAllowed(String),
    /// The server's address is never called.
    #[error(
        "the Temporal server `{0}` may not be asked: link-local, metadata, multicast and unspecified addresses are never called"
    )]
    Forbidden(String),
    /// The operator does not allow the namespace.
    #[error(
        "the namespace `{namespace}` of the Temporal server `{server}` may not be asked: leave namespace out for the configured one, or \
         ask the operator to add it to {setting}"
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
