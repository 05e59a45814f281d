//! Tests of the client with the stand-in and with failing servers, over real sockets.

#![expect(clippy::unwrap_used, reason = "a panic fails the test, with the place")]

mod client_faults;
mod errors;
mod guard;
mod intents;
mod settings;
mod status;
mod support;
mod tls;
