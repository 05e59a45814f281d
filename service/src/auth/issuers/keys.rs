//! The keys of an issuer, fetched when they are needed: again when they are no longer fresh, and for an unknown key.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use metrics::{counter, describe_counter, describe_gauge, gauge};
use tokio::sync::watch;
use tokio::time::timeout;

use super::fetch::{FRESH, FetchError, Fetched, Source};
use super::key_set::KeySet;
use crate::clock::Clock;

/// How long to wait after a fetch before the next one begins. Callers without a valid token must not make us call the
/// issuer more often.
const PAUSE: SignedDuration = SignedDuration::from_secs(10);
/// How long a caller waits for a fetch.
const WAIT: Duration = Duration::from_secs(2);
/// How long keys are used while the issuer cannot be reached.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

const FETCHES: &str = "auth_issuer_key_fetches_total";
const FAILING: &str = "auth_issuer_key_fetch_failing";

/// Describes the metrics.
pub(super) fn describe() {
    describe_counter!(FETCHES, "Fetches of an issuer's keys, by issuer and outcome");
    describe_gauge!(
        FAILING,
        "Whether the last fetch of an issuer's keys failed, so that its former keys are used"
    );
}

/// The keys of one issuer.
pub(super) struct Keys {
    name: String,
    source: Arc<Source>,
    clock: Clock,
    state: Mutex<State>,
    is_fetching: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    current: Option<Current>,
    /// When the last fetch began.
    tried: Option<Timestamp>,
    /// Whether the last fetch failed.
    is_failing: bool,
}

struct Current {
    keys: Arc<KeySet>,
    since: Timestamp,
    /// How long the keys are used before they are fetched again.
    fresh: SignedDuration,
}

impl Keys {
    pub(super) fn new(name: String, source: Arc<Source>, clock: Clock) -> Self {
        let state = Mutex::default();
        Self { name, source, clock, state, is_fetching: watch::Sender::new(false) }
    }

    /// Returns the keys, unless there are none, or they were fetched too long ago. Fetches them before, if they are not
    /// fresh. Callers wait for that only if the former keys must not be used: while the issuer is away they may.
    pub(super) async fn current(self: &Arc<Self>) -> Option<Arc<KeySet>> {
        let now = self.clock.now();
        let (is_due, is_needed) = {
            let state = self.state();
            let age = state.current.as_ref().map(|current| (age(current.since, now), current.fresh));
            let age = age.filter(|(age, _)| *age < KEPT);
            let is_due = age.is_none_or(|(age, fresh)| age >= fresh);
            let is_old = age.is_none_or(|(age, _)| age.unsigned_abs() >= FRESH);
            (is_due, is_old && !(state.is_failing && age.is_some()))
        };
        if is_due {
            self.fetch(now);
        }
        if is_needed {
            self.fetched().await;
        }
        let state = self.state();
        let current = state.current.as_ref().filter(|current| age(current.since, now) < KEPT)?;
        Some(Arc::clone(&current.keys))
    }

    /// Fetches the keys because one is unknown, unless that was done a moment ago, and returns them.
    pub(super) async fn again(self: &Arc<Self>) -> Option<Arc<KeySet>> {
        self.fetch(self.clock.now());
        self.fetched().await;
        self.current().await
    }

    /// Begins to fetch, unless a fetch is under way or was a moment ago.
    fn fetch(self: &Arc<Self>, now: Timestamp) {
        let mut state = self.state();
        if state.tried.is_some_and(|tried| age(tried, now) < PAUSE) {
            return;
        }
        if self.is_fetching.send_replace(true) {
            return;
        }
        state.tried = Some(now);
        drop(state);
        let keys = Arc::clone(self);
        // It goes on if its caller goes away: others wait for it too.
        tokio::spawn(async move {
            let fetched = keys.source.fetch().await;
            keys.settle(fetched, now);
            keys.is_fetching.send_replace(false);
        });
    }

    /// Waits until no fetch is under way, but not for long.
    async fn fetched(&self) {
        let mut is_fetching = self.is_fetching.subscribe();
        let _ = timeout(WAIT, is_fetching.wait_for(|is_fetching| !is_fetching)).await;
    }

    fn settle(&self, fetched: Result<Fetched, FetchError>, now: Timestamp) {
        let outcome = if fetched.is_ok() { "ok" } else { "failed" };
        counter!(FETCHES, "issuer" => self.name.clone(), "outcome" => outcome).increment(1);
        gauge!(FAILING, "issuer" => self.name.clone()).set(if fetched.is_ok() { 0.0 } else { 1.0 });
        let mut state = self.state();
        let was_failing = std::mem::replace(&mut state.is_failing, fetched.is_err());
        match fetched {
            Ok(Fetched { keys, fresh }) => {
                if was_failing || state.current.is_none() || keys.len() == 0 {
                    tracing::info!(issuer = self.name, keys = keys.len(), "fetched the keys of an issuer");
                }
                // So that replicas, and issuers, do not all fetch at the same time.
                let fresh = fresh.mul_f64(0.8 + 0.1 * fastrand::f64());
                let fresh = SignedDuration::try_from(fresh).unwrap_or(SignedDuration::ZERO);
                state.current = Some(Current { keys: Arc::new(keys), since: now, fresh });
            }
            Err(error) if was_failing => {
                tracing::debug!(
                    issuer = self.name,
                    error = crate::chain(&error),
                    "still cannot fetch the keys"
                );
            }
            Err(error) => {
                let (issuer, error) = (&self.name, crate::chain(&error));
                let hours = KEPT.as_hours();
                tracing::error!(
                    issuer,
                    error,
                    "cannot fetch the keys of an issuer; former ones are used for {hours} h"
                );
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time since `then`. A clock that was set back must not make it negative, and so longer.
fn age(then: Timestamp, now: Timestamp) -> SignedDuration {
    now.duration_since(then).abs()
}
