//! Polls until something has happened or a deadline has passed.

use std::fmt::Display;
use std::panic::Location;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// The result of a probe: a value, or the reason why there is none yet.
pub trait Answer {
    /// The type of the value.
    type Value;

    /// Returns the value, or the state to report if the deadline passes.
    fn value_or_state(self) -> Result<Self::Value, String>;
}

impl<T> Answer for Option<T> {
    type Value = T;

    fn value_or_state(self) -> Result<T, String> {
        self.ok_or_else(|| "nothing yet".to_owned())
    }
}

impl<T, E: Display> Answer for Result<T, E> {
    type Value = T;

    fn value_or_state(self) -> Result<T, String> {
        // The alternate form: `anyhow` prints the whole chain of causes with it.
        self.map_err(|error| format!("{error:#}"))
    }
}

impl Answer for bool {
    type Value = ();

    fn value_or_state(self) -> Result<(), String> {
        self.then_some(()).ok_or_else(|| "false".to_owned())
    }
}

/// Calls `probe` until it returns a value, and panics with the last state when `limit` has passed.
///
/// The probe returns `Option`, `Result` or `bool`; one that hangs is dropped at the deadline.
#[track_caller]
pub fn eventually<P: Answer>(
    limit: Duration,
    what: &str,
    probe: impl AsyncFnMut() -> P,
) -> impl Future<Output = P::Value> {
    // Taken here because an async function does not see its caller.
    let caller = Location::caller();
    async move {
        match until(limit, probe).await {
            Ok(value) => value,
            Err(state) => panic!("{caller}: {what}: not within {limit:?}; last state: {state}"),
        }
    }
}

/// Calls `probe` until it returns a value, and returns the last state when `limit` has passed.
pub(crate) async fn until<P: Answer>(
    limit: Duration,
    mut probe: impl AsyncFnMut() -> P,
) -> Result<P::Value, String> {
    let deadline = Instant::now() + limit;
    let mut pause = FIRST_PAUSE;
    let mut last = None;
    loop {
        match timeout_at(deadline, probe()).await.map(Answer::value_or_state) {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(state)) => last = Some(state),
            Err(_) => return Err(last.unwrap_or_else(|| "the first probe did not end".to_owned())),
        }
        if Instant::now() + pause >= deadline {
            return Err(last.unwrap_or_default());
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
