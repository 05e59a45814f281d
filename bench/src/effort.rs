//! How much is measured.

use std::time::Duration;

/// How thoroughly to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// How often each figure is taken.
    pub(crate) rounds: usize,
    /// How long one side is loaded in one round.
    pub(crate) slice: Duration,
    /// How many single calls of each kind are timed in one round.
    pub(crate) timed: usize,
}

pub(crate) const FULL: Effort = Effort { rounds: 7, slice: Duration::from_millis(2500), timed: 200 };
/// Less than a minute.
pub(crate) const QUICK: Effort = Effort { rounds: 3, slice: Duration::from_millis(500), timed: 100 };

/// Connections on each side, with one call in flight on each.
pub(crate) const IN_FLIGHT: usize = 64;
/// Callers that wait for the end of a run.
pub(crate) const WAITS: usize = 10_000;
pub(crate) const RUNS_WAITED_FOR: usize = 100;
/// Temporal refuses longer histories.
pub(crate) const LONGEST_HISTORY: usize = 51_200;
/// Callers that read a whole history at the same time.
pub(crate) const SLOW_CALLERS: usize = 10;
