//! The client and the stand-in, against each other over real sockets.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test, and says where")]

mod client_faults;
mod composite_apps;
mod lifecycle;
mod program;
mod refusals;
mod round_trip;
mod support;
mod tls;
mod wire;
