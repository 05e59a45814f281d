//! Tests with real sockets and a real Temporal server.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod connection;
mod faults;
mod peer;
mod registered;
mod settings;
mod tls;

use std::time::Duration;

/// No response takes longer.
const SOON: Duration = Duration::from_secs(10);
