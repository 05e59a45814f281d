//! The package as its users meet it: real sockets, real processes.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod access;
mod auth;
mod bodies;
mod drain;
mod fields;
mod headers;
mod health;
mod hosts;
mod http2;
mod https;
mod issuers;
mod lasting;
mod limits;
mod metrics;
mod outbound;
mod problems;
mod process;
mod request_line;
mod rotation;
mod server;
mod sessions;
mod settings;
mod shutdown;
mod standard;
mod token;
