//! How the client behaves: time limits, credentials, trust, repeats.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// What a [`Client`](crate::Client) may be told besides its base URL.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Longest time for one request, from connecting to the last byte of the answer. A repeat has its own.
    pub timeout: Duration,
    /// Longest time to connect.
    pub connect_timeout: Duration,
    /// Sent as `Authorization: Bearer`, as `emcoctl -t` does.
    pub token: Option<Token>,
    /// Certificates (PEM, one or more) to trust besides the system's.
    pub roots: Option<Vec<u8>>,
    /// Our own certificate and its key (PEM, one after the other), for an EMCO that asks for one.
    pub identity: Option<Vec<u8>>,
    /// When and how often a read or a `PUT` is repeated.
    pub retry: Retry,
    /// Longest answer that is read, in bytes.
    pub max_body: usize,
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
        }
    }
}

/// A bearer token; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Source);

#[derive(Clone, PartialEq, Eq)]
enum Source {
    Text(String),
    File(PathBuf),
}

impl Token {
    /// The token in this file, without the white space around it. Read for each request: it may change at any time.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Source::File(path.into()))
    }

    /// The token, if it is not in a file.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.0 {
            Source::Text(text) => Some(text),
            Source::File(_) => None,
        }
    }

    /// The file that it is in, if it is in one.
    pub(crate) fn path(&self) -> Option<&PathBuf> {
        match &self.0 {
            Source::Text(_) => None,
            Source::File(path) => Some(path),
        }
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

/// Repeats of idempotent calls. The pause doubles from one try to the next, and half of it is random.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Tries in all; 1 means no repeat.
    pub tries: u32,
    /// Pause before the second try.
    pub first_pause: Duration,
    /// Longest pause.
    pub longest_pause: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { tries: 3, first_pause: Duration::from_millis(100), longest_pause: Duration::from_secs(2) }
    }
}

impl Retry {
    /// Every call is tried once.
    pub const NEVER: Self = Self { tries: 1, first_pause: Duration::ZERO, longest_pause: Duration::ZERO };

    /// The pause after the `failed`th try failed (counted from 1).
    pub(crate) fn pause_after(&self, failed: u32) -> Duration {
        let doublings = failed.saturating_sub(1).min(16);
        let full = self.first_pause.saturating_mul(1 << doublings).min(self.longest_pause);
        // Half fixed, half random: callers that failed together do not come back together.
        full.mul_f64(0.5 + 0.5 * fastrand::f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_keep_at_least_half() {
        let retry = Retry {
            tries: 9,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_millis(350),
        };
        for (failed, full) in [(1, 100), (2, 200), (3, 350), (4, 350), (u32::MAX, 350)] {
            let full = Duration::from_millis(full);
            let pause = retry.pause_after(failed);
            assert!(pause >= full / 2 && pause <= full, "after try {failed}: {pause:?}");
        }
    }

    #[test]
    fn a_token_is_not_printed() {
        let settings = Settings { token: Some(Token::from("hunter2".to_owned())), ..Settings::default() };
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
