//! The stand-in, over real sockets.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test, and says where")]

mod composite_apps;
mod lifecycle;
mod preconditions;
mod program;
mod refusals;
mod replay;
mod round_trip;
mod support;
mod template;
mod wire;
