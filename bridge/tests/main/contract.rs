//! The contract suite of engines, by the port alone: on Temporal, with a real server and a real worker.
//!
//! To add an engine, give it a [`Fixture`](crate::temporal::Fixture) of its own, which starts workflows of
//! the types in `temporal/worker.rs` by the engine's own means, and run these modules on it. They check every
//! call of the port:
//!
//! * `describe`: states, times, canonical JSON, the history in pages from either end.
//! * `events`: streams without gaps.
//! * `pause`: paused runs, also in waits and streams.
//! * `pollers`: the workers of task queues.
//! * `query`, `signal`, `update`, `reset`: the calls of these names.
//! * `stop`: cancelling and terminating, now or later.
//! * `wait`: until the end of a chain, shared by all callers that wait.

mod describe;
mod events;
mod pause;
mod pollers;
mod query;
mod reset;
mod signal;
mod stop;
mod update;
mod wait;

/// JSON whose numbers no 64-bit type holds as they are written.
const NUMBERS: &str =
    "[12345678901234567890123456789, 0.12345678901234567890, 18446744073709551615, 1.0, -0]";
