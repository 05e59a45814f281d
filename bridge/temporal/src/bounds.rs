//! How long Temporal may take.

use std::time::Duration;

/// How long Temporal may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// To answer a call, connecting included.
    pub call: Duration,
    /// To have a workflow answer a query whose caller gives no time.
    pub query: Duration,
}

impl Default for Bounds {
    /// One call stays under the 5 s within which an answer about a silent Temporal is due.
    fn default() -> Self {
        Self { call: Duration::from_secs(4), query: Duration::from_secs(10) }
    }
}
