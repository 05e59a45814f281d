//! The client on a real bridge, with a real Temporal server, workflow client and worker; and on servers that
//! misbehave.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod answers;
mod document;
mod faults;
mod scene;
