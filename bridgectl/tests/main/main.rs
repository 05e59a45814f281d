//! Transcripts: every command, on a real bridge with a real Temporal server, workflow client and worker.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod admin;
mod codes;
mod completions;
mod documents;
mod login;
mod scene;
mod seals;
mod shell;
mod supervision;
mod transfer;
mod workflows;
