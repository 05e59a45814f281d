//! The package as its users meet it: real sockets, a real Temporal server.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod connection;
mod peer;
mod tls;

use std::time::Duration;

/// No answer takes longer.
const SOON: Duration = Duration::from_secs(10);
