#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod failure;
mod heartbeat;
mod input;
mod meter;
mod params;
mod plan;
mod process;
mod progress;
mod register;
mod signal;
mod steps;
#[cfg(feature = "testing")]
pub mod testing;
mod undo;

pub use heartbeat::heartbeating;
pub use input::{InvalidParams, both, params};
pub use params::Params;
pub use plan::{ActivityPlan, NamedActivity, SHORTEST_HEARTBEAT_TIMEOUT};
pub use process::main;
pub use progress::{Progress, ProgressState, RefusedSignal};
pub use register::{RegisterError, register};
pub use signal::SignalArgument;
pub use steps::Steps;
/// Types of `workflow-api` that authors of workers use.
pub use workflow_api::{Argument, CURRENT_STATE, Declaration, Message, PROGRESS};
