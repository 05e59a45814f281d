#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod failure;
mod heartbeat;
mod input;
mod log;
mod meter;
mod params;
mod plan;
mod process;
mod progress;
mod steps;
#[cfg(feature = "testing")]
pub mod testing;
mod undo;

pub use heartbeat::heartbeating;
pub use input::{InvalidParams, both, params};
pub use params::Params;
pub use plan::{ActivityPlan, SHORTEST_HEARTBEAT_TIMEOUT};
pub use process::main;
pub use progress::{Progress, ProgressState};
pub use steps::Steps;
