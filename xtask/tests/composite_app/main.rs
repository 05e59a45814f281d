//! The folder of `cargo xtask composite-app`: what is refused, what EMCO's stand-in says to it, what Helm makes of it, and the workflow at
//! its end.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod applied;
mod bridge;
mod docs;
mod faults;
mod helm;
mod site;
mod written;
