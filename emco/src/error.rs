//! The errors of calls to EMCO, and their meaning.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::StatusCode;
use service::outbound::ResolveError;

/// An error that prevents the creation of a [`Client`](crate::Client).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The base URL cannot be used.
    #[error("EMCO's base URL {0}")]
    BaseUrl(&'static str),
    /// The host of the base URL is an address that is never called.
    #[error("EMCO's base URL cannot be used")]
    Forbidden(#[source] ResolveError),
    /// The token has characters that are not allowed in an HTTP header.
    #[error("the bearer token for EMCO has characters that are not allowed in an HTTP header")]
    Token,
    /// The extra roots are not PEM certificates.
    #[error("the root certificates for EMCO cannot be read; give PEM")]
    Roots(#[source] reqwest::Error),
    /// The client's own certificate or key cannot be used.
    #[error("the certificate and key for EMCO cannot be read; give both as PEM")]
    Identity(#[source] reqwest::Error),
    /// The TLS or HTTP library refused the settings.
    #[error("the HTTP client for EMCO cannot be created")]
    Http(#[source] reqwest::Error),
}

/// The error of a call to EMCO.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name is not allowed in a URL path. No request was sent.
    #[error("`{0}` cannot be the name of an EMCO resource")]
    Name(String),
    /// The token cannot be read or sent. No request was sent.
    #[error("the token for EMCO in {} cannot be used", path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The host has only addresses that are never called, so no request was sent.
    #[error("EMCO cannot be called for {endpoint}")]
    Forbidden {
        /// The method and the URL, without its query.
        endpoint: String,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// There is no connection, so no request was sent.
    #[error("EMCO cannot be reached for {endpoint}; check its URL and that it runs")]
    Unreachable {
        /// The method and the URL, without its query.
        endpoint: String,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// The request was sent, but no complete response arrived in time. EMCO may have acted on it.
    #[error("EMCO did not complete its response to {endpoint} ({}); expected {expected}", received(*status))]
    Interrupted {
        /// The method and the URL, without its query.
        endpoint: String,
        /// The status, if it arrived.
        status: Option<StatusCode>,
        /// The expected content.
        expected: &'static str,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// EMCO, or a proxy in front of it, responded with an error.
    #[error("EMCO responded {status} to {endpoint}{}", of_emco(text.as_deref()))]
    Refused {
        /// The method and the URL, without its query.
        endpoint: String,
        /// The status.
        status: StatusCode,
        /// The first KiB of EMCO's text. `None` if the response does not have the format of EMCO's errors:
        /// the URL may come from somebody who must not read what other servers respond.
        text: Option<String>,
        /// The pause before the next attempt that EMCO, or a proxy in front of it, asks for.
        retry_after: Option<Duration>,
    },
    /// The status means success, but the response is not one of EMCO's.
    #[error("the response {status} to {endpoint} is not {expected}{reason}; check that the URL is EMCO's")]
    Unexpected {
        /// The method and the URL, without its query.
        endpoint: String,
        /// The status.
        status: StatusCode,
        /// The expected content.
        expected: &'static str,
        /// The place of the error. The response itself is not repeated, because it is not EMCO's.
        reason: String,
    },
    /// The response is longer than [`Settings::max_body`](crate::Settings::max_body).
    #[error("the response to {endpoint} is longer than {limit} bytes; expected {expected}")]
    TooLong {
        /// The method and the URL, without its query.
        endpoint: String,
        /// The expected content.
        expected: &'static str,
        /// The limit.
        limit: usize,
    },
}

/// The meaning of an error to the caller, whatever EMCO's status is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// There is no connection; nothing happened.
    Unreachable,
    /// The request was sent, but the response was lost. EMCO may have acted on it.
    Interrupted,
    /// The host is a link-local, metadata, multicast or unspecified address, which is never called.
    NotAllowed,
    /// The server is not EMCO: it responds with a redirect, a web page, or another format.
    NotEmco,
    /// EMCO, or a proxy in front of it, is temporarily down or overloaded.
    Unavailable,
    /// The token is missing, wrong, or has too few rights.
    Denied,
    /// The resource or its parent does not exist.
    NotFound,
    /// The resource exists already, is in use, or is in a state that does not allow the change.
    Conflict,
    /// EMCO does not accept the request's content.
    Invalid,
    /// The DIG is not instantiated, so it cannot be updated or terminated.
    NotInstantiated,
    /// The DIG must be approved first.
    NotApproved,
    /// An app of the composite app has no placement, or one that matches no cluster.
    NoClusters,
    /// A placement names a cluster twice, or one that is not in the DIG's logical cloud.
    OutsideLogicalCloud,
    /// The logical cloud is being instantiated; the same call succeeds later.
    LogicalCloudPending,
    /// The logical cloud is not instantiated.
    LogicalCloudNotInstantiated,
    /// EMCO had an internal error.
    Internal,
}

impl Error {
    /// Returns the meaning of the error. EMCO often expresses it only in the text, with status 500 or 400
    /// (EMCO-API §6.5, §6.6).
    pub fn kind(&self) -> Kind {
        match self {
            Self::Name(_) => Kind::Invalid,
            Self::Forbidden { .. } => Kind::NotAllowed,
            Self::Token { .. } | Self::Unreachable { .. } => Kind::Unreachable,
            Self::Interrupted { .. } => Kind::Interrupted,
            Self::Refused { status, text, .. } => {
                kind_of_refusal(*status, text.as_deref().unwrap_or_default())
            }
            Self::Unexpected { .. } | Self::TooLong { .. } => Kind::NotEmco,
        }
    }

    /// Whether the same call may succeed later without a change by anybody.
    ///
    /// A retry may still do harm: after [`Kind::Interrupted`] EMCO may already be working on the update.
    pub fn is_retryable(&self) -> bool {
        use Kind::{Internal, Interrupted, LogicalCloudPending, Unavailable, Unreachable};
        matches!(self.kind(), Unreachable | Interrupted | Unavailable | LogicalCloudPending | Internal)
    }

    /// Returns the pause before the next attempt that EMCO, or a proxy in front of it, asks for (`Retry-After`, seconds
    /// or a date).
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Returns the status, if a response arrived.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } | Self::Unexpected { status, .. } => Some(*status),
            Self::Interrupted { status, .. } => *status,
            _ => None,
        }
    }
}

/// Parts of EMCO's texts, and their meaning. The first match counts.
const MEANINGS: [(&str, Kind); 12] = [
    ("404 page not found", Kind::NotEmco),
    ("DeploymentIntentGroup is not instantiated", Kind::NotInstantiated),
    ("DeploymentIntentGroup must be Approved", Kind::NotApproved),
    ("DeploymentIntentGroup has already been instantiated", Kind::Conflict),
    ("DeploymentIntentGroup StateInfo not found", Kind::NotFound),
    ("DeploymentIntentGroup not found", Kind::NotFound),
    ("Parent resource not found", Kind::NotFound),
    ("No compatible clusters have been provided", Kind::NoClusters),
    ("doesn't provide the mandatory clusters", Kind::OutsideLogicalCloud),
    ("Failed to obtain Logical Cloud", Kind::NotFound),
    ("Logical Cloud is still instantiating", Kind::LogicalCloudPending),
    ("The Logical Cloud ", Kind::LogicalCloudNotInstantiated),
];

fn kind_of_refusal(status: StatusCode, text: &str) -> Kind {
    if let Some((_, kind)) = MEANINGS.iter().find(|(part, _)| text.contains(part)) {
        return *kind;
    }
    match status.as_u16() {
        401 | 403 => Kind::Denied,
        404 => Kind::NotFound,
        409 => Kind::Conflict,
        400 | 422 => Kind::Invalid,
        408 | 429 | 502 | 503 | 504 => Kind::Unavailable,
        500.. => Kind::Internal,
        _ => Kind::NotEmco,
    }
}

fn of_emco(text: Option<&str>) -> String {
    match text {
        Some(text) => format!(": {text}"),
        None => "; its text is not repeated, because it does not have the format of EMCO's errors".to_owned(),
    }
}

fn received(status: Option<StatusCode>) -> String {
    status.map_or_else(|| "no response".to_owned(), |status| format!("status {status}"))
}
