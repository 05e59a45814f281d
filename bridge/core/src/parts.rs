//! The parts that the use cases work with.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::{Notify, watch};

use crate::access::Access;
use crate::clock::Clock;
use crate::model::Running;
use crate::ports::{Clients, Engine, Parents, Recipients, Scheduler, Store, Targets, Watch};
use crate::tasks::Tasks;

/// The parts that the use cases work with. Clones share all of them.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The gate before every use case.
    pub access: Access,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The database.
    pub store: Arc<dyn Store>,
    /// The workflow engine.
    pub engine: Arc<dyn Engine>,
    /// The schedules of the engine; `None` if nobody would work at their times.
    pub scheduler: Option<Arc<dyn Scheduler>>,
    /// The engine's view of many runs, for rules; `None` if nobody would look.
    pub watch: Option<Arc<dyn Watch>>,
    /// The servers of the engine that callers may use.
    pub targets: Arc<dyn Targets>,
    /// The workflow clients.
    pub clients: Arc<dyn Clients>,
    /// EMCO's deployment intent groups.
    pub parents: Arc<dyn Parents>,
    /// The timeouts.
    pub limits: Limits,
    /// Whether runs can be terminated later.
    pub escalates: bool,
    /// The bridge's own name in the engine's histories.
    pub identity: String,
    /// Background work that the end of the process waits for.
    pub tasks: Tasks,
    /// What alarms need.
    pub alarms: AlarmParts,
    /// What the bridge runs as.
    pub running: Arc<Running>,
}

/// The timeouts.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Timeout for a workflow client's response to a start.
    pub start: Duration,
    /// Timeout for asking a workflow client to validate an intent before it is stored, or a message to a
    /// workflow before it is sent; zero disables both checks.
    pub client_check: Duration,
    /// How long a caller's idempotency key is kept after its first use.
    pub key_kept: Duration,
    /// How long to wait for a result if the caller gives no timeout.
    pub wait: Duration,
    /// The longest wait that a caller may ask for.
    pub max_wait: Duration,
}

/// What alarms need beside the other parts. Clones share all of it.
#[derive(Debug, Clone)]
pub struct AlarmParts {
    /// Who gets notifications.
    pub recipients: Arc<dyn Recipients>,
    /// How long a condition must have ended before its alarm is cleared.
    pub hold: SignedDuration,
    /// Maximum number of alarms in the list.
    pub most: u64,
    /// Interval of the questions whether the engine responds.
    pub probe: Duration,
    /// For how long it must not have responded before an alarm is raised.
    pub away: Duration,
    /// Wakes the upkeep after a change.
    pub wake: Arc<Notify>,
    /// The number of the newest notification, for those who follow.
    pub newest: Arc<watch::Sender<i64>>,
}

impl AlarmParts {
    /// Makes them of who gets notifications, how long a condition must have ended, and the maximum number of alarms.
    #[must_use]
    pub fn new(recipients: Arc<dyn Recipients>, hold: SignedDuration, most: u64) -> Self {
        Self {
            recipients,
            hold,
            most,
            probe: Duration::from_secs(15),
            away: Duration::from_secs(60),
            wake: Arc::default(),
            newest: Arc::new(watch::Sender::new(0)),
        }
    }
}
