//! What the use cases work with.

use std::sync::Arc;
use std::time::Duration;

use crate::access::Access;
use crate::clock::Clock;
use crate::ports::{Clients, Engine, Parents, Store, Targets};
use crate::tasks::Tasks;

/// What the use cases work with. Clones share all of it.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The gate before every use case.
    pub access: Access,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The database.
    pub store: Arc<dyn Store>,
    /// The workflow engine.
    pub engine: Arc<dyn Engine>,
    /// The servers of the engine that callers may use.
    pub targets: Arc<dyn Targets>,
    /// The workflow clients.
    pub clients: Arc<dyn Clients>,
    /// EMCO's deployment intent groups.
    pub parents: Arc<dyn Parents>,
    /// How long things may take.
    pub limits: Limits,
    /// Whether runs can be terminated later.
    pub escalates: bool,
    /// The bridge's own identity in the engine's histories.
    pub identity: String,
    /// Work that the end of the process waits for.
    pub tasks: Tasks,
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A workflow client's response to a start.
    pub start: Duration,
    /// A workflow client's answer about an intent that is to be kept; zero where it is not asked.
    pub client_check: Duration,
    /// How long a caller's idempotency key names its start, from its first use on.
    pub key_kept: Duration,
    /// A wait for a result whose caller gives no time.
    pub wait: Duration,
    /// The longest wait that a caller may ask for.
    pub max_wait: Duration,
}
