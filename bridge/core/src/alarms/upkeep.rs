//! The work that alarms need in the background. All replicas do it; what is written twice is written once.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::{Instant, sleep};

use super::Alarms;
use super::probe::Sight;
use crate::ports::StoreError;

/// Interval between two looks at the database. A change of this process is noticed at once.
const TICK: Duration = Duration::from_secs(1);
/// Interval between two deletions of old notifications.
const FORGET: Duration = Duration::from_secs(3600);
/// How long notifications are kept for those who come back to a stream.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Alarms {
    /// Clears alarms when their time has come, wakes those who follow, probes Temporal and deletes old notifications,
    /// until the process drains.
    pub async fn keep(&self) {
        let probes = self.clone();
        let probing = async move { probes.keep_probing().await };
        tokio::join!(probing, self.keep_settling());
    }

    async fn keep_settling(&self) {
        let mut forget_at = Instant::now();
        loop {
            report("alarms cannot be cleared", self.settle().await);
            report("notifications cannot be looked up", self.look().await);
            if Instant::now() >= forget_at {
                forget_at += FORGET;
                let before = self.parts.clock.now().saturating_sub(KEPT).unwrap_or(jiff::Timestamp::MIN);
                let forgotten = self.parts.store.forget_notifications(before).await.map(drop);
                report("old notifications cannot be deleted", forgotten);
            }
            tokio::select! {
                () = sleep(TICK) => {}
                () = self.parts.alarms.wake.notified() => {}
                () = self.parts.tasks.draining() => return,
            }
        }
    }

    async fn keep_probing(&self) {
        let mut sight = Sight::unknown();
        loop {
            tokio::select! {
                () = sleep(self.parts.alarms.probe) => {}
                () = self.parts.tasks.draining() => return,
            }
            report("the alarm about Temporal cannot be written", self.probe(&mut sight).await);
        }
    }

    /// Wakes those who follow, if there are new notifications.
    async fn look(&self) -> Result<(), StoreError> {
        let newest = &self.parts.alarms.newest;
        if newest.receiver_count() > 0
            && let Some((_, last)) = self.parts.store.notification_range().await?
        {
            newest.send_if_modified(|known| std::mem::replace(known, last) != last);
        }
        Ok(())
    }
}

fn report(what: &str, result: Result<(), StoreError>) {
    if let Err(error) = result {
        tracing::warn!(error = workflow_api::chain(&error), "{what}");
    }
}
