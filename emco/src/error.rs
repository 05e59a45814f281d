//! What can go wrong between us and EMCO, and what it means.

use std::path::PathBuf;
use std::time::Duration;
use std::{fmt, io};

use reqwest::{Method, StatusCode};
use url::Url;

/// Why a [`Client`](crate::Client) could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The base URL cannot be used.
    #[error("EMCO's base URL {0}")]
    BaseUrl(&'static str),
    /// The token holds bytes that no HTTP header can carry.
    #[error("the bearer token for EMCO cannot be sent in an HTTP header")]
    Token,
    /// The extra roots are not PEM certificates.
    #[error("the root certificates for EMCO cannot be read; give PEM")]
    Roots(#[source] reqwest::Error),
    /// The certificate or key of our own cannot be used.
    #[error("the certificate and key for EMCO cannot be read; give both as PEM")]
    Identity(#[source] reqwest::Error),
    /// The TLS or HTTP library refused the settings.
    #[error("no HTTP client for EMCO could be made")]
    Http(#[source] reqwest::Error),
}

/// Why a call of EMCO failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name cannot stand in a URL path; nothing was sent.
    #[error("`{0}` cannot be the name of an EMCO resource")]
    Name(String),
    /// The token could not be read or sent; nothing was asked of EMCO.
    #[error("the token for EMCO in {} cannot be used", path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: io::Error,
    },
    /// No connection was made, so nothing was asked of EMCO.
    #[error("EMCO cannot be reached for {endpoint}; check its URL and that it runs")]
    Unreachable {
        /// The call.
        endpoint: Endpoint,
        /// What the network said.
        #[source]
        source: reqwest::Error,
    },
    /// The request went out and no answer, or only half of one, came back in time. EMCO may have acted on it.
    #[error("EMCO did not finish its answer to {endpoint} ({}); expected {expected}", Got(*status))]
    Interrupted {
        /// The call.
        endpoint: Endpoint,
        /// The status, if the answer got that far.
        status: Option<StatusCode>,
        /// What a whole answer would have held.
        expected: &'static str,
        /// What the network said.
        #[source]
        source: reqwest::Error,
    },
    /// EMCO answered with an error.
    #[error("EMCO answered {status} to {endpoint}: {text}")]
    Refused {
        /// The call.
        endpoint: Endpoint,
        /// EMCO's status.
        status: StatusCode,
        /// The first KiB of EMCO's text.
        text: String,
        /// How long EMCO, or a proxy before it, asks to wait before the next try.
        retry_after: Option<Duration>,
    },
    /// The status means success, but the rest is not what EMCO sends.
    #[error(
        "the answer {status} to {endpoint} is not {expected}; check that the URL is EMCO's. It begins: {text}"
    )]
    Unexpected {
        /// The call.
        endpoint: Endpoint,
        /// The status.
        status: StatusCode,
        /// What should have come.
        expected: &'static str,
        /// The first KiB of what came.
        text: String,
        /// Where reading it failed.
        #[source]
        source: Option<serde_json::Error>,
    },
    /// The answer is longer than [`Settings::max_body`](crate::Settings::max_body).
    #[error("the answer to {endpoint} is longer than {limit} bytes; expected {expected}")]
    TooLong {
        /// The call.
        endpoint: Endpoint,
        /// What should have come.
        expected: &'static str,
        /// The limit.
        limit: usize,
    },
}

/// What a failure means to the caller, whatever status EMCO chose for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// No connection; nothing happened.
    Unreachable,
    /// Sent, but the answer was lost: it may or may not have happened.
    Interrupted,
    /// Whoever answered is not EMCO: a redirect, a web page, another service, another shape.
    NotEmco,
    /// EMCO or a proxy before it is down or overloaded for now.
    Unavailable,
    /// The token is missing, wrong, or not enough.
    Denied,
    /// The resource, or the one it belongs to, does not exist.
    NotFound,
    /// It exists already, is in use, or is in a state that forbids the change.
    Conflict,
    /// EMCO does not accept the request's content.
    Invalid,
    /// The DIG is not instantiated, so it cannot be updated or terminated.
    NotInstantiated,
    /// The DIG must be approved first.
    NotApproved,
    /// An app of the composite app has no placement, or one that fits no cluster.
    NoClusters,
    /// A placement names a cluster twice, or one that is not in the DIG's logical cloud.
    OutsideLogicalCloud,
    /// The logical cloud is being instantiated; the same call succeeds later.
    LogicalCloudPending,
    /// The logical cloud is not instantiated.
    LogicalCloudNotInstantiated,
    /// EMCO failed inside.
    Internal,
}

impl Error {
    /// What the failure means. EMCO says much of it in words only, under status 500 or 400 (EMCO-API §6.5, §6.6).
    pub fn kind(&self) -> Kind {
        match self {
            Self::Name(_) => Kind::Invalid,
            Self::Token { .. } | Self::Unreachable { .. } => Kind::Unreachable,
            Self::Interrupted { .. } => Kind::Interrupted,
            Self::Refused { status, text, .. } => kind_of_refusal(*status, text),
            Self::Unexpected { .. } | Self::TooLong { .. } => Kind::NotEmco,
        }
    }

    /// Whether the same call may succeed later without anybody mending anything.
    ///
    /// This says nothing about whether a repeat is harmless: after [`Kind::Interrupted`] an update may already be under way.
    pub fn is_retryable(&self) -> bool {
        match self.kind() {
            Kind::Unreachable
            | Kind::Interrupted
            | Kind::Unavailable
            | Kind::LogicalCloudPending
            | Kind::Internal => true,
            Kind::NotEmco
            | Kind::Denied
            | Kind::NotFound
            | Kind::Conflict
            | Kind::Invalid
            | Kind::NotInstantiated
            | Kind::NotApproved
            | Kind::NoClusters
            | Kind::OutsideLogicalCloud
            | Kind::LogicalCloudNotInstantiated => false,
        }
    }

    /// How long EMCO, or a proxy before it, asked to wait before the next try (`Retry-After`, seconds or a date).
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// EMCO's status, when an answer came.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } | Self::Unexpected { status, .. } => Some(*status),
            Self::Interrupted { status, .. } => *status,
            Self::Name(_) | Self::Token { .. } | Self::Unreachable { .. } | Self::TooLong { .. } => None,
        }
    }
}

/// A part of EMCO's text, and what it means. The first hit counts.
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

/// One call: method and URL, the URL without its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The method.
    pub method: Method,
    /// The URL, without its query.
    pub url: String,
}

impl Endpoint {
    pub(crate) fn new(method: &Method, url: &Url) -> Self {
        let mut url = url.clone();
        url.set_query(None);
        Self { method: method.clone(), url: url.into() }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}

/// How far an answer got, in words.
struct Got(Option<StatusCode>);

impl fmt::Display for Got {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(status) => write!(f, "status {status}"),
            None => f.write_str("nothing came"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, text: &str) -> Error {
        Error::Refused {
            endpoint: Endpoint::new(&Method::POST, &Url::parse("http://emco/v2/x?cluster=a").unwrap()),
            status: StatusCode::from_u16(status).unwrap(),
            text: text.to_owned(),
            retry_after: None,
        }
    }

    #[test]
    fn emcos_text_decides_before_its_status() {
        for (status, text, kind) in [
            (500, "DeploymentIntentGroup is not instantiated :dig1", Kind::NotInstantiated),
            (500, "DeploymentIntentGroup must be Approved before instantiatingdig1", Kind::NotApproved),
            (500, "DeploymentIntentGroup StateInfo not found", Kind::NotFound),
            (400, "DeploymentIntentGroup not found: DeploymentIntentGroup not found", Kind::NotFound),
            (
                500,
                "No compatible clusters have been provided to the Deployment Intent Group",
                Kind::NoClusters,
            ),
            (
                400,
                "The specified Logical Cloud doesn't provide the mandatory clusters",
                Kind::OutsideLogicalCloud,
            ),
            (
                500,
                "The Logical Cloud is still instantiating, please wait and try again.",
                Kind::LogicalCloudPending,
            ),
            (500, "The Logical Cloud has never been instantiated", Kind::LogicalCloudNotInstantiated),
            (409, "Cannot perform requested operation. Parent resource not found", Kind::NotFound),
            (404, "404 page not found", Kind::NotEmco),
            (500, "dial tcp: i/o timeout", Kind::Internal),
            (404, "Intent not found", Kind::NotFound),
            (403, "RBAC: access denied", Kind::Denied),
            (503, "<html>no healthy upstream</html>", Kind::Unavailable),
            (302, "", Kind::NotEmco),
        ] {
            assert_eq!(refusal(status, text).kind(), kind, "{status} {text}");
        }
    }

    #[test]
    fn only_what_time_can_mend_is_retryable() {
        assert!(
            refusal(500, "The Logical Cloud is still instantiating, please wait and try again.")
                .is_retryable()
        );
        assert!(refusal(503, "").is_retryable());
        assert!(!refusal(500, "DeploymentIntentGroup is not instantiated :dig1").is_retryable());
        assert!(!refusal(404, "Intent not found").is_retryable());
    }

    #[test]
    fn the_message_names_call_and_status_but_no_query() {
        assert_eq!(
            refusal(404, "Intent not found").to_string(),
            "EMCO answered 404 Not Found to POST http://emco/v2/x: Intent not found"
        );
    }
}
