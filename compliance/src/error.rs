//! Why a server cannot be tested.

use std::error::Error;

/// Why a server cannot be tested.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetUpError {
    /// The URL is invalid.
    #[error("`{0}` is not a URL; write one such as http://localhost:9090")]
    Url(String),
    /// The token cannot be sent in a header.
    #[error("the token has characters that a header cannot have")]
    Token,
    /// The CA certificates are invalid.
    #[error("cannot use the CA certificates; are they PEM?")]
    Authorities(#[source] Box<dyn Error + Send + Sync>),
}
