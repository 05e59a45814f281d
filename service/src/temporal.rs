//! The connection to Temporal: where it is, a lazy shared client of it, and what its errors mean.

mod address;
mod connection;
mod connections;
mod fault;
mod settings;
mod target;

pub use address::AddressError;
pub use connection::{ConnectError, ConnectionSettings, TemporalConnection, identity};
pub use connections::TemporalConnections;
pub use fault::{FaultKind, TemporalFault, bounded};
pub use settings::{TemporalSettings, TemporalSettingsError};
pub use target::TemporalTarget;
