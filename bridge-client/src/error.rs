//! Why a call failed.

use std::time::Duration;

use reqwest::StatusCode;
use workflow_api::Problem;

/// Why a call failed. The text has no token and no body of a request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bridge refused the call, or could not do it. [`Problem::code`] is the kind of problem, for programs.
    #[error("{problem}")]
    Refused {
        /// The problem document (RFC 9457).
        problem: Box<Problem>,
        /// The document as the bridge has sent it.
        text: String,
        /// When to try again.
        retry_after: Option<Duration>,
    },
    /// The document is still the one with the given `ETag`
    /// ([`Condition::UnlessMatch`](crate::Condition::UnlessMatch)).
    #[error("the document has not changed")]
    NotModified,
    /// No connection could be made. Nothing was done.
    #[error("cannot connect to {endpoint}: check that the bridge runs, its URL, and its certificate")]
    Unreachable {
        /// Method and URL.
        endpoint: String,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// The connection ended, or the time was over, before the response was complete. The call may have been done.
    #[error("{endpoint}: the response did not arrive; the call may have been done")]
    Interrupted {
        /// Method and URL.
        endpoint: String,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// A stream of events was silent for too long.
    #[error("{endpoint}: the stream has been silent for {} s; the connection is lost", within.as_secs())]
    Silent {
        /// Method and URL.
        endpoint: String,
        /// For how long.
        within: Duration,
    },
    /// The response is not one of the bridge's.
    #[error(
        "{endpoint} has responded {status}, {reason}: is this the URL of a bridge, and of the same version?"
    )]
    Unexpected {
        /// Method and URL.
        endpoint: String,
        /// The status of the response.
        status: StatusCode,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no token to send.
    #[error("{0}")]
    Credentials(String),
    /// A name cannot be a part of a path.
    #[error("`{0}` is not a name: names are not empty, `.` or `..`")]
    Name(String),
    /// The body of the request cannot be written as JSON.
    #[error("the body of the request cannot be written as JSON")]
    Body(#[source] serde_json::Error),
}

impl Error {
    /// Returns the problem document, if the bridge has responded with one.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused { problem, .. } => Some(problem),
            _ => None,
        }
    }

    /// Returns the code of the problem, such as `no_such_intent`, if the bridge has responded with one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.problem().map(|problem| problem.code.as_str())
    }

    /// Returns the status of the problem.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.problem().map(|problem| problem.status)
    }
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The URL of the bridge is not valid.
    #[error("the URL of the bridge {0}")]
    Url(&'static str),
    /// The authorities are not certificates in PEM.
    #[error("the authorities are not certificates in PEM")]
    Roots(#[source] reqwest::Error),
    /// The client certificate or its key is not PEM.
    #[error("the client certificate is not a certificate and its key in PEM")]
    Identity(#[source] reqwest::Error),
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made")]
    Http(#[source] reqwest::Error),
}
