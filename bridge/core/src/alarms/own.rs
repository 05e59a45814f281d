//! What the bridge itself does to alarms: for its own conditions, for rules and for schedules. The gate is not asked.

use jiff::SignedDuration;

use super::Alarms;
use super::change::{ROUNDS, too_busy};
use crate::model::{
    Alarm, AlarmId, AlarmObject, Event, NAME_MAX, Notification, ProbableCause, Raised, Step, cut_text,
};
use crate::ports::{AlarmChange, StoreError, subscription_target};

/// The verbs of the audit.
const RAISE: &str = "raise-alarm";
const CLEAR: &str = "clear-alarm";
const CORRELATE: &str = "correlate-alarm";

impl Alarms {
    /// Returns the address of the bridge for links in alarms, without a slash at its end; may be empty.
    #[must_use]
    pub fn base(&self) -> String {
        self.parts.alarms.recipients.base()
    }

    /// A condition was seen: raises its alarm, or changes it. To call it again for the same condition is cheap.
    /// Returns the ID of the alarm.
    ///
    /// # Errors
    /// Returns an error if the database fails, or if there are too many alarms.
    pub async fn raise(&self, raised: &Raised) -> Result<AlarmId, StoreError> {
        let problem = cut_text(&raised.problem, NAME_MAX);
        for _ in 0..ROUNDS {
            let now = self.parts.clock.now();
            let kept = self.parts.store.alarm_of(&raised.object, raised.cause, &problem).await?;
            let (before, step) = match kept {
                None => {
                    self.has_room().await?;
                    (None, Alarm::raise_new(raised, now))
                }
                Some(kept) => match kept.alarm.raise(raised, now) {
                    None => return Ok(kept.alarm.id),
                    Some(step) => (Some(kept.version), step),
                },
            };
            if self.save_own(RAISE, before, &step).await? {
                return Ok(step.alarm.id);
            }
        }
        Err(too_busy())
    }

    /// A condition was no longer seen: clears its alarm, if there is one, after `hold` without [`raise`](Self::raise);
    /// `None` for the configured time. `problem` is that of the condition, and may be empty.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub async fn clear(
        &self,
        object: &AlarmObject,
        cause: ProbableCause,
        problem: &str,
        hold: Option<SignedDuration>,
    ) -> Result<(), StoreError> {
        let (hold, problem) = (hold.unwrap_or(self.parts.alarms.hold), cut_text(problem, NAME_MAX));
        for _ in 0..ROUNDS {
            let Some(kept) = self.parts.store.alarm_of(object, cause, &problem).await? else { return Ok(()) };
            let Some(step) = kept.alarm.clear(hold, self.parts.clock.now()) else { return Ok(()) };
            if self.save_own(CLEAR, Some(kept.version), &step).await? {
                return Ok(());
            }
        }
        Err(too_busy())
    }

    /// Notifications about another object belong to the same fault as an alarm. Does nothing if there is no such
    /// alarm.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub async fn correlate(
        &self,
        id: &AlarmId,
        source: &AlarmObject,
        notifications: &[i64],
    ) -> Result<(), StoreError> {
        for _ in 0..ROUNDS {
            let Some(kept) = self.parts.store.alarm(id).await? else { return Ok(()) };
            let step = kept.alarm.correlate(source, notifications, self.parts.clock.now());
            let Some(step) = step else { return Ok(()) };
            if self.save_own(CORRELATE, Some(kept.version), &step).await? {
                return Ok(());
            }
        }
        Err(too_busy())
    }

    /// Clears the alarms whose time has come.
    pub(crate) async fn settle(&self) -> Result<(), StoreError> {
        const BATCH: u32 = 100;
        loop {
            let now = self.parts.clock.now();
            let due = self.parts.store.due_alarms(now, BATCH).await?;
            let more = due.len() == BATCH as usize;
            for kept in due {
                // If the change is not written, another replica has made it, or the condition is back.
                if let Some(step) = kept.alarm.settle(now) {
                    self.save_own(CLEAR, Some(kept.version), &step).await?;
                }
            }
            if !more {
                return Ok(());
            }
        }
    }

    /// Refuses another alarm if there are too many. Those that raise alarms work on without it.
    async fn has_room(&self) -> Result<(), StoreError> {
        let most = self.parts.alarms.most;
        if self.parts.store.alarm_count().await? < most {
            return Ok(());
        }
        let source = format!(
            "there are {most} alarms: acknowledge those that are cleared, or raise BRIDGE_MAX_ALARMS"
        );
        Err(StoreError::Unavailable { action: "keep another alarm", source: source.into() })
    }

    async fn save_own(&self, verb: &str, before: Option<i64>, step: &Step) -> Result<bool, StoreError> {
        let alarm = &step.alarm;
        let mut object = alarm.object.of_event();
        alarm.id.as_str().clone_into(&mut object.alarm_id);
        let event = Event::of_the_bridge(verb, object, self.parts.clock.now());
        let saved = self.save(before, step, &event).await?;
        if saved && !step.notifications.is_empty() {
            let (object, cause) = (alarm.object.dn(), alarm.cause.word());
            let severity = alarm.perceived_severity().word();
            tracing::info!(alarm = alarm.id.as_str(), object, cause, severity, verb, "alarm changed");
        }
        Ok(saved)
    }

    /// Writes a change. Returns whether it was written. What nobody is notified of (a clear that waits, and its end)
    /// has no event.
    pub(super) async fn save(
        &self,
        before: Option<i64>,
        step: &Step,
        event: &Event,
    ) -> Result<bool, StoreError> {
        let addressed = self.addressed(&step.notifications).await?;
        let event = (!step.notifications.is_empty()).then_some(event);
        let change = AlarmChange { before, alarm: &step.alarm, notifications: &addressed, event };
        let saved = self.parts.store.save_alarm(&change).await?;
        if saved {
            self.parts.alarms.wake.notify_waiters();
        }
        Ok(saved)
    }

    /// Returns notifications with the names of the targets that get them.
    async fn addressed(
        &self,
        notifications: &[Notification],
    ) -> Result<Vec<(Notification, Vec<String>)>, StoreError> {
        if notifications.is_empty() {
            return Ok(Vec::new());
        }
        let (recipients, subscriptions) =
            (&self.parts.alarms.recipients, self.parts.store.subscriptions().await?);
        let addressed = notifications.iter().map(|notification| {
            let subscribed = subscriptions.iter().filter(|kept| kept.subscription.wants(notification));
            let subscribed = subscribed.map(|kept| subscription_target(&kept.id));
            let targets = recipients.of(notification).into_iter().chain(subscribed).collect();
            (notification.clone(), targets)
        });
        Ok(addressed.collect())
    }
}
