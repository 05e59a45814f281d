//! The connection to Temporal: where it is, a lazy shared client of it, and what its errors mean.

mod address;
mod channel;
mod connection;
mod connections;
mod fault;
mod header;
mod method;
mod registered;
mod settings;
mod target;

pub use address::AddressError;
pub use channel::DialError;
pub(crate) use connection::{CALLS, OPEN};
pub use connection::{ConnectError, ConnectionSettings, TemporalConnection, identity};
pub use connections::TemporalConnections;
pub use fault::{FaultKind, TemporalFault, bounded};
pub use header::trace_header;
pub use method::Method;
pub use registered::{RegisteredTarget, RegisteredTargetError, RegisteredTls};
pub use settings::{TemporalSettings, TemporalSettingsError};
pub use target::TemporalTarget;
