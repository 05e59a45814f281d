//! Transcripts: every command, on a real bridge with a real Temporal server, workflow client and worker.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod admin;
mod codes;
mod documents;
mod scene;
mod shell;
mod supervision;
mod workflows;
