//! Temporal as the workflow engine of the bridge.
#![warn(missing_docs)]

mod bounds;
mod command;
mod convert;
mod describe;
mod engine;
mod escalation;
mod events;
mod failing;
mod failure;
mod follow;
mod history;
mod patience;
mod pause;
mod payload;
mod pending;
mod polls;
mod query;
mod queue;
mod registered;
mod reset;
mod rpc;
mod rules;
mod schedules;
mod servers;
mod signal;
mod stop;
mod targets;
mod update;
mod wait;
mod worker;

pub use bounds::Bounds;
pub use engine::TemporalEngine;
pub use escalation::{EscalateCancel, Escalations};
pub use registered::{NamespacePatterns, Registered, RegisteredTargets, TargetsFileError};
pub use rules::{Monitor, TemporalWatch, Turns};
pub use schedules::{ScheduledStart, TemporalScheduler};
pub use servers::Servers;
pub use targets::TemporalTargets;
