//! The tests of the bridge: one program, a module for each part.
#![expect(clippy::disallowed_methods, reason = "tests compare with the system's time")]
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod access;
mod alarms;
mod api;
mod cli;
mod contract;
mod defects;
mod documents;
mod live;
mod login;
mod pages;
mod replay;
mod rights;
mod schemathesis;
mod temporal;
