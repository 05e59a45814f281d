//! The folder of `cargo xtask composite-app`: refused options, the responses of EMCO's stand-in, the objects that Helm
//! renders, and the workflow.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod applied;
mod bridge;
mod cluster;
mod docs;
mod faults;
mod helm;
mod site;
mod written;
