//! The worker as a process, on a real Temporal server, against the stand-in for EMCO.

mod failures;
mod input;
mod migration;
mod process;
mod replay;
mod run;
mod scene;
