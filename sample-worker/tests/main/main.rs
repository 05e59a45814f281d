//! Tests of the worker as a process, with a real Temporal server and the stand-in for EMCO.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod anywhere;
mod capacity;
mod compensation;
mod evacuation;
mod failures;
mod input;
mod late;
mod migration;
mod preflight;
mod process;
mod relocation;
mod removals;
mod replay;
mod rotation;
mod run;
mod scene;
mod site;
mod table;
mod warnings;
