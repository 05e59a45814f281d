//! The client, against the stand-in and against servers that fail, over real sockets.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test, and says where")]

mod client_faults;
mod support;
mod tls;
