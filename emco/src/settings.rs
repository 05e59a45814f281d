//! The client's settings: timeouts, credentials, trust, retries.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use backon::ExponentialBuilder;
use service::outbound::Resolver;

/// The settings of a [`Client`](crate::Client).
#[derive(Debug, Clone)]
pub struct Settings {
    /// The timeout of one request, from connecting to the last byte of the response. A retry has its own.
    pub timeout: Duration,
    /// The timeout for connecting.
    pub connect_timeout: Duration,
    /// Sent as `Authorization: Bearer`, as `emcoctl -t` does.
    pub token: Option<Token>,
    /// Certificates (PEM, one or more) to trust in addition to the system's.
    pub roots: Option<Vec<u8>>,
    /// The client's own certificate and its key (PEM, concatenated), for an EMCO that requires one.
    pub identity: Option<Vec<u8>>,
    /// How reads and `PUT`s are retried.
    pub retry: Retry,
    /// The maximum size of a response, in bytes.
    pub max_body: usize,
    /// Resolves the host of the base URL. Addresses that are never called (link-local, metadata) are refused.
    pub resolver: Resolver,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(3),
            token: None,
            roots: None,
            identity: None,
            retry: Retry::default(),
            max_body: 8 << 20,
            resolver: Resolver::default(),
        }
    }
}

/// A bearer token. Its `Debug` output does not contain it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub(crate) Source);

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Text(String),
    File(PathBuf),
}

impl Token {
    /// The token in this file, without leading and trailing white space. The file is read for each request, because it
    /// may change.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Source::File(path.into()))
    }
}

impl From<String> for Token {
    fn from(token: String) -> Self {
        Self(Source::Text(token))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// How idempotent calls are retried. The pause doubles from one attempt to the next, and is randomly prolonged, so that
/// callers that failed together do not retry together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// The number of attempts; 1 means no retry.
    pub tries: u32,
    /// The pause before the second attempt.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { tries: 3, first_pause: Duration::from_millis(100), longest_pause: Duration::from_secs(2) }
    }
}

impl Retry {
    /// Every call is made once.
    pub const NEVER: Self = Self { tries: 1, first_pause: Duration::ZERO, longest_pause: Duration::ZERO };

    pub(crate) fn pauses(&self) -> ExponentialBuilder {
        ExponentialBuilder::new()
            .with_min_delay(self.first_pause)
            .with_max_delay(self.longest_pause)
            .with_max_times(self.tries.saturating_sub(1) as usize)
            .with_jitter()
    }
}
