//! The identity of a caller, as far as it is proven.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;

/// Who a caller is, and what proves it. The default is nobody: a caller that has proven nothing.
///
/// As an extractor it returns what [`authenticated`](super::authenticated) found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Identity {
    name: String,
    proof: Proof,
    issuer: String,
    groups: Arc<[String]>,
}

/// What proves an [`Identity`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Proof {
    /// Nothing: anybody may be the caller.
    #[default]
    None,
    /// A bearer token of a file.
    Token,
    /// A TLS client certificate.
    Certificate,
    /// The user header of a trusted proxy.
    Proxy,
    /// A token that an issuer has signed (JWT).
    Issuer,
}

impl Identity {
    /// A name with control characters counts as none, because names go to logs and histories.
    pub(crate) fn new(name: impl Into<String>, proof: Proof) -> Self {
        let name = name.into();
        let name = if name.contains(char::is_control) { String::new() } else { name };
        Self { name, proof, ..Self::default() }
    }

    /// Adds what an issuer has signed: its own name in the settings, and the groups of the caller.
    pub(super) fn issued(self, issuer: &str, groups: Arc<[String]>) -> Self {
        Self { issuer: issuer.to_owned(), groups, ..self }
    }

    /// Returns the name of the caller. Empty for nobody, and for a token or a certificate without a name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what proves the name.
    pub fn proof(&self) -> Proof {
        self.proof
    }

    /// Returns the name that the settings give to the issuer of the token. Empty unless [`Proof::Issuer`].
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns the groups that the issuer of the token names.
    pub fn groups(&self) -> Arc<[String]> {
        Arc::clone(&self.groups)
    }
}

impl<S: Sync> FromRequestParts<S> for Identity {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}
