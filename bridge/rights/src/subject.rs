//! Whom a binding is for. How callers have proven who they are is a part of the subject.

use std::fmt;

use bridge_core::{Actor, Proof};
use cedar_policy::EntityUid;

use crate::schema::{ANONYMOUS, CERTIFICATE, GROUP, PROXY_USER, SERVICE_ACCOUNT, TOKEN, USER, uid};

/// How Kubernetes names a service account in its tokens, before namespace and name.
const IN_TOKENS: &str = "system:serviceaccount:";

/// A subject.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    /// A user that an issuer names.
    User { issuer: String, name: String },
    /// A service account of Kubernetes, `namespace/name`.
    ServiceAccount { issuer: String, name: String },
    /// Everybody whom an issuer puts into this group.
    Group { issuer: String, name: String },
    /// The owner of a token of a file.
    Token(String),
    /// The owner of a client certificate.
    Certificate(String),
    /// A user that a trusted proxy names.
    ProxyUser(String),
    /// Everybody who has proven nothing.
    Anonymous,
    /// Everybody who has proven something.
    Authenticated,
}

impl Subject {
    /// Returns a user, or the service account that its name stands for.
    fn user(issuer: &str, name: &str) -> Self {
        let account = name.strip_prefix(IN_TOKENS).and_then(|account| account.split_once(':'));
        let issuer = issuer.to_owned();
        match account {
            Some((namespace, name)) => Self::ServiceAccount { issuer, name: format!("{namespace}/{name}") },
            None => Self::User { issuer, name: name.to_owned() },
        }
    }

    /// Returns the subject that an actor is itself.
    pub(crate) fn of(actor: &Actor) -> Self {
        let name = || actor.name().to_owned();
        match actor.proof() {
            Proof::None => Self::Anonymous,
            Proof::Token => Self::Token(name()),
            Proof::Certificate => Self::Certificate(name()),
            Proof::Proxy => Self::ProxyUser(name()),
            Proof::Issuer => Self::user(actor.issuer(), actor.name()),
        }
    }

    /// Returns the other subjects that an actor belongs to.
    pub(crate) fn groups_of(actor: &Actor) -> impl Iterator<Item = Self> {
        let issuer = actor.issuer().to_owned();
        let group = move |name: &String| Self::Group { issuer: issuer.clone(), name: name.clone() };
        let proven = (actor.proof() != Proof::None).then_some(Self::Authenticated);
        actor.groups().iter().map(group).chain(proven)
    }

    /// Returns whether tokens of Kubernetes name this user, who is a service account then.
    pub(crate) fn is_service_account(name: &str) -> bool {
        name.starts_with(IN_TOKENS)
    }

    pub(crate) fn uid(&self) -> EntityUid {
        let issued = |issuer: &str, name: &str| format!("{issuer}/{name}");
        match self {
            Self::User { issuer, name } => uid(&USER, &issued(issuer, name)),
            Self::ServiceAccount { issuer, name } => uid(&SERVICE_ACCOUNT, &issued(issuer, name)),
            Self::Group { issuer, name } => uid(&GROUP, &issued(issuer, name)),
            Self::Token(name) => uid(&TOKEN, name),
            Self::Certificate(name) => uid(&CERTIFICATE, name),
            Self::ProxyUser(name) => uid(&PROXY_USER, name),
            Self::Anonymous => uid(&ANONYMOUS, "anonymous"),
            Self::Authenticated => uid(&GROUP, "authenticated"),
        }
    }
}

/// As in a sentence.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User { issuer, name } => write!(f, "the user `{name}` of the issuer `{issuer}`"),
            Self::ServiceAccount { issuer, name } => {
                write!(f, "the service account `{name}` of the issuer `{issuer}`")
            }
            Self::Group { issuer, name } => write!(f, "the group `{name}` of the issuer `{issuer}`"),
            Self::Token(name) => write!(f, "the token `{name}`"),
            Self::Certificate(name) => write!(f, "the certificate `{name}`"),
            Self::ProxyUser(name) => write!(f, "the proxy's user `{name}`"),
            Self::Anonymous => f.write_str("anonymous callers"),
            Self::Authenticated => f.write_str("authenticated callers"),
        }
    }
}
