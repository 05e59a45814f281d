//! The contract suite of engines, by the port alone: on Temporal, with a real server and a real worker.
//!
//! To add an engine, give it a [`Fixture`](crate::temporal::Fixture) of its own, which starts workflows of
//! the types in `temporal/worker.rs` by the engine's own means, and run these modules on it. They check:
//! `describe` (states, times, canonical JSON, history in pages from either end), `events` (streams without
//! gaps), `pause` (paused runs, in waits and streams too), `query`, `stop` (cancel, terminate, signal), `wait` (until the end of a chain, shared by all
//! callers that wait).

mod describe;
mod events;
mod pause;
mod query;
mod stop;
mod wait;
