//! The package as its users meet it: real sockets, real processes.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod auth;
mod bodies;
mod drain;
mod http2;
mod https;
mod process;
mod request_line;
mod wire;
