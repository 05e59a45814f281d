//! Timeouts of calls to Temporal.

use std::time::Duration;

/// Timeouts of calls to Temporal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Timeout of a call, including the connection.
    pub call: Duration,
    /// Timeout of a query whose caller gives none.
    pub query: Duration,
    /// Timeout of a page of a list for rules. Nobody waits for it, and a page that is broken off is asked for again
    /// from its beginning.
    pub list: Duration,
}

impl Default for Bounds {
    /// One call is shorter than 5 s, which is the limit for a response about an unresponsive Temporal.
    fn default() -> Self {
        Self { call: Duration::from_secs(4), query: Duration::from_secs(10), list: Duration::from_secs(30) }
    }
}
