//! How long a call is repeated while Temporal is away.

use std::time::Duration;

use bridge_core::ports::EngineError;
use temporal::{FaultKind, TemporalFault};
use tokio::time::{Instant, sleep};

/// How long Temporal may be away before waiting callers get an error.
const MOST: Duration = Duration::from_secs(2);
/// Interval between two attempts to reach it.
const PAUSE: Duration = Duration::from_millis(100);
/// A poll that was open for this long was held by a server that was there.
const HELD: Duration = Duration::from_secs(1);

/// The patience with a server. A restart, a proxy's timeout or the age of a connection may end any number of
/// polls. Only a server that is away now ends a wait.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    away_since: Option<Instant>,
    unseen: bool,
}

impl Patience {
    /// Returns the patience with a server that nothing is known of. If there is no connection to it, it is away
    /// at once; if it responds that it cannot do a call now, it may in a moment.
    pub(crate) fn with_unseen() -> Self {
        Self { unseen: true, ..Self::default() }
    }

    /// Repeats a call while Temporal is not available, but no longer than it may be away.
    pub(crate) async fn repeat<T, F>(mut self, call: impl Fn() -> F) -> Result<T, EngineError>
    where
        F: Future<Output = Result<T, EngineError>>,
    {
        loop {
            let begun = Instant::now();
            let answer = call().await;
            let fault = match &answer {
                Err(EngineError::Unavailable { source, .. }) => source.downcast_ref(),
                _ => None,
            };
            match fault {
                Some(fault) if self.endures(fault, begun).await => {}
                _ => return answer,
            }
        }
    }

    /// Returns whether to repeat a call that failed, after a pause. `begun` is when it began.
    pub(crate) async fn endures(&mut self, fault: &TemporalFault, begun: Instant) -> bool {
        let passes =
            matches!(fault.kind(), FaultKind::Unavailable | FaultKind::Busy | FaultKind::DeadlineExceeded);
        passes && self.endures_call(!fault.nothing_sent(), begun).await
    }

    async fn endures_call(&mut self, sent: bool, begun: Instant) -> bool {
        self.unseen &= !sent;
        if self.unseen {
            return false;
        }
        if sent && begun.elapsed() >= HELD {
            self.away_since = None;
        }
        // A poll that was not held has found the server away from its beginning.
        let first = if self.away_since.is_none() && sent { Instant::now() } else { begun };
        if self.away_since.get_or_insert(first).elapsed() >= MOST {
            return false;
        }
        sleep(PAUSE).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn polls_that_were_held_may_be_cut_any_number_of_times() {
        let mut patience = Patience::default();
        for _ in 0..100 {
            let begun = Instant::now();
            advance(Duration::from_secs(5)).await;
            assert!(patience.endures_call(true, begun).await);
            // The server restarts.
            for _ in 0..10 {
                assert!(patience.endures_call(false, Instant::now()).await);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_is_away_ends_the_wait() {
        for sent in [false, true] {
            let mut patience = Patience::default();
            let since = Instant::now();
            while patience.endures_call(sent, Instant::now()).await {}
            assert_eq!(since.elapsed(), MOST, "{sent}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_unseen_server_is_away_at_once_but_may_be_busy_for_a_moment() {
        let mut patience = Patience::with_unseen();
        assert!(!patience.endures_call(false, Instant::now()).await);
        assert!(patience.endures_call(true, Instant::now()).await);
        assert!(patience.endures_call(false, Instant::now()).await, "it has been seen now");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_server_is_not_dialled_again_and_again() {
        let mut patience = Patience::default();
        let begun = Instant::now();
        advance(Duration::from_secs(5)).await;
        assert!(!patience.endures_call(false, begun).await);
    }
}
