//! Shared by the tests: EMCO's stand-in with the samples, and a client that does not wait long.

use std::time::Duration;

use emco::{Client, Retry, Settings};
use emco_stand_in::{StandIn, StandInOptions};

pub(crate) const GPI: &str = "dig1-placement-intent";

/// Returns a stand-in with the samples, instantiated and settled.
pub(crate) async fn loaded() -> StandIn {
    let settle_time = Duration::from_secs(60);
    let stand_in = StandIn::start(StandInOptions { settle_time, ..StandInOptions::default() }).await.unwrap();
    stand_in.load_samples().await.unwrap();
    stand_in.advance(settle_time);
    stand_in
}

/// Settings with short pauses between retries.
pub(crate) fn quick() -> Settings {
    let retry =
        Retry { tries: 3, first_pause: Duration::from_millis(1), longest_pause: Duration::from_millis(2) };
    Settings { retry, ..Settings::default() }
}

pub(crate) fn client(stand_in: &StandIn) -> Client {
    Client::new(stand_in.url(), quick()).unwrap()
}
