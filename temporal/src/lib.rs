#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod address;
mod connect;
mod connection;
mod connections;
mod fault;
mod header;
pub mod json;
mod method;
mod registered;
mod server;
mod settings;
mod target;
#[cfg(feature = "worker")]
mod worker;

pub use address::AddressError;
pub use connect::{ConnectCause, ConnectError, ConnectionSettings};
pub use connection::TemporalConnection;
pub use connections::TemporalConnections;
pub use fault::{FaultKind, TemporalFault};
pub use header::{caller_of, start_header, trace_header};
pub use method::Method;
pub use registered::{RegisteredTarget, RegisteredTls};
pub use server::identity;
pub use settings::{TemporalSettings, TemporalSettingsError};
pub use target::TemporalTarget;
#[cfg(feature = "worker")]
pub use worker::Worker;
