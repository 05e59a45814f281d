//! Settling the starts that an earlier life of this bridge left open: Temporal says what became of them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::App;
use super::start::started_by;
use crate::intent::{Outcome, Run};
use crate::temporal::Description;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long a start may be in reaching Temporal after the workflow client was given up.
const GRACE: SignedDuration = SignedDuration::from_secs(10);

/// A namespace keeps closed runs for a day at least; what is not found for longer may have been there.
const RETENTION: SignedDuration = SignedDuration::from_hours(24);

impl App {
    /// Settles every start asked for before `before` that has no outcome. Ends when all have one, or the process drains.
    pub async fn settle_open_starts(&self, before: Timestamp) {
        let mut pause = FIRST_PAUSE;
        while !self.settled_all(before).await {
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                () = self.shutdown.draining() => return,
            }
        }
    }

    async fn settled_all(&self, before: Timestamp) -> bool {
        let open = match self.store.unsettled_runs(before).await {
            Ok(open) => open,
            Err(error) => {
                tracing::error!(error = service::chain(&error), "open starts cannot be looked up");
                return false;
            }
        };
        let mut all = true;
        for mut run in open {
            match self.look_up(&run).await {
                Ok(found) => match self.judge(&run, found, Timestamp::now()) {
                    Some(outcome) => {
                        run.outcome = outcome;
                        self.settle(&run).await;
                    }
                    None => all = false,
                },
                Err(error) => {
                    tracing::warn!(start = %run.id, error = service::chain(&error), "an open start cannot be settled yet");
                    all = false;
                }
            }
        }
        all
    }

    /// What became of a start, given the latest run of its workflow; `None` while it may still come.
    fn judge(&self, run: &Run, found: Option<Description>, now: Timestamp) -> Option<Outcome> {
        let patience =
            SignedDuration::try_from(self.limits.start).unwrap_or(SignedDuration::MAX).saturating_add(GRACE);
        let given_up = run.requested_at.saturating_add(patience).unwrap_or(Timestamp::MAX);
        match found {
            Some(found) if started_by(run, &found) => {
                if found.started.is_some_and(|started| started <= given_up) {
                    return Some(Outcome::Started { run_id: Some(found.run_id), at: now });
                }
                let reason = "the bridge ended before the workflow client answered; a later run has the workflow ID now";
                Some(Outcome::Unknown { reason: reason.to_owned(), at: now })
            }
            _ if now <= given_up => None,
            _ if now.duration_since(run.requested_at) < RETENTION => {
                let reason =
                    "the bridge ended before the workflow client answered; Temporal knows of no run since";
                Some(Outcome::NotStarted { reason: reason.to_owned(), at: now })
            }
            _ => {
                let reason =
                    "the bridge ended before the workflow client answered, too long ago for Temporal to know";
                Some(Outcome::Unknown { reason: reason.to_owned(), at: now })
            }
        }
    }
}
