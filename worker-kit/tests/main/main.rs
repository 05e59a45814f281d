//! The kit, in workflows and activities that run on a real Temporal server.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod alone;
mod callers;
mod declared;
mod heartbeats;
mod input;
mod names;
mod options;
mod own_server;
mod params;
mod plan;
mod progress;
mod replay;
mod rotation;
mod scene;
mod signals;
mod steps;
mod timers;
mod undo;
