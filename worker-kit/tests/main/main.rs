//! The kit, in workflows and activities that run on a real Temporal server.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod alone;
mod heartbeats;
mod input;
mod options;
mod own_server;
mod params;
mod plan;
mod progress;
mod replay;
mod scene;
mod steps;
mod timers;
mod undo;
