//! The use cases of the bridge, and the ports that they need. No HTTP, no SQL, no engine: other packages bring these.
//!
//! Each use case is an async function `f(&Request, typed arguments)`. It passes [`access`] before it does anything.
#![warn(missing_docs)]

pub mod access;
mod clock;
mod gauge;
mod intents;
mod lookup;
pub mod model;
mod parts;
pub mod ports;
mod request;
mod runs;
mod starts;
mod tasks;
mod workflows;

pub use clock::{Clock, SystemClock};
pub use gauge::{OPEN_STREAMS, OPEN_WAITS};
pub use intents::{
    ChangeError, ChangeOptions, ChangePage, Changed, ClientCheck, Conditions, HistoryError, IntentFilter,
    IntentPage, Intents, ListError, Listing, Revisions,
};
pub use lookup::IntentError;
pub use parts::{Limits, Parts};
pub use request::{Actor, Correlation, Proof, Request};
pub use runs::{LiveRun, LiveState, RunError, Runs};
pub use starts::{
    STARTS, StartError, StartFault, StartKeyRequest, StartOrder, StartPreview, StartReport, StartedRun,
    Starts,
};
pub use tasks::Tasks;
pub use workflows::{
    Addressee, FollowRequest, Followed, Position, SignalOrder, StatusError, StatusMethod, StatusMethodError,
    StatusReport, StatusRequest, Stop, UpdateOrder, WorkflowError, Workflows,
};

/// All use cases.
#[derive(Debug, Clone)]
pub struct App {
    /// Those about intents.
    pub intents: Intents,
    /// Those that start workflows.
    pub starts: Starts,
    /// Those about workflows that were started.
    pub workflows: Workflows,
    /// Those about the records of starts.
    pub runs: Runs,
}

impl App {
    /// The use cases over these parts.
    #[must_use]
    pub fn new(parts: &Parts) -> Self {
        Self {
            intents: Intents::new(parts.clone()),
            starts: Starts::new(parts.clone()),
            workflows: Workflows::new(parts.clone()),
            runs: Runs::new(parts.clone()),
        }
    }
}
