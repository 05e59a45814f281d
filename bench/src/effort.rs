//! How often and how long to measure.

use std::time::Duration;

/// How often and how long to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// The number of rounds.
    pub(crate) rounds: usize,
    /// The time for which one side is loaded in one round.
    pub(crate) slice: Duration,
    /// The number of single calls of each kind that are timed in one round.
    pub(crate) timed: usize,
    /// The number of rounds of histories, waits, attack and overload, which take longer.
    pub(crate) long_rounds: usize,
}

pub(crate) const FULL: Effort =
    Effort { rounds: 7, slice: Duration::from_millis(2500), timed: 200, long_rounds: 3 };
/// Takes less than a minute.
pub(crate) const QUICK: Effort =
    Effort { rounds: 3, slice: Duration::from_millis(500), timed: 100, long_rounds: 1 };

/// The number of connections on each side, each with one call in flight.
pub(crate) const IN_FLIGHT: usize = 64;
/// The number of callers that wait for the end of a run.
pub(crate) const WAITS: usize = 10_000;
pub(crate) const RUNS_WAITED_FOR: usize = 100;
/// Temporal refuses longer histories.
pub(crate) const LONGEST_HISTORY: usize = 51_200;
/// The number of callers that read a whole history at the same time.
pub(crate) const SLOW_CALLERS: usize = 10;
/// The number of attackers, each with one request in flight.
pub(crate) const ATTACKERS: usize = 10;
/// The number of starts of one workflow ID at the same time.
pub(crate) const STARTS_OF_ONE_ID: usize = 900;
/// The time after which a caller gives up, in the groups where callers may have to.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
