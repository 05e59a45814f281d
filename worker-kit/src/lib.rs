#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod heartbeat;
mod input;
mod meter;
mod params;
mod plan;
mod process;
mod state;
mod steps;

pub use heartbeat::heartbeating;
pub use input::{InvalidParams, both, params};
pub use params::{Faulty, Params, Reader};
pub use plan::{ActivityPlan, SHORTEST_HEARTBEAT_TIMEOUT};
pub use process::main;
pub use state::CurrentState;
pub use steps::Steps;
