//! How alarms change. Each function takes a state and an input, and returns the new state with what to notify of;
//! `None` if nothing changes.

use jiff::{SignedDuration, Timestamp};
use workflow_api::alarms::{AckState, NotificationType, PerceivedSeverity, TrendIndication};

use super::{
    Ack, Alarm, AlarmId, AlarmObject, By, Cleared, Comment, MOST_COMMENTS, MOST_CORRELATED, NAME_MAX,
    Notification, Notified, ProbableCause, TEXT_MAX, cut_text,
};

/// A change of an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The alarm after the change.
    pub alarm: Alarm,
    /// What to notify of, in order.
    pub notifications: Vec<Notification>,
}

/// A condition that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    /// What it is about.
    pub object: AlarmObject,
    /// Its cause.
    pub cause: ProbableCause,
    /// What distinguishes it from others with the same object and cause; may be empty.
    pub problem: String,
    /// Its severity; `None` for that of the cause.
    pub severity: Option<PerceivedSeverity>,
    /// What was seen, in a sentence. It must not have payloads or secrets.
    pub text: String,
}

impl Raised {
    /// Returns a condition with the severity of its cause.
    #[must_use]
    pub fn new(object: AlarmObject, cause: ProbableCause, text: impl Into<String>) -> Self {
        Self { object, cause, problem: String::new(), severity: None, text: text.into() }
    }

    fn severity(&self) -> PerceivedSeverity {
        // An alarm is not raised to be cleared.
        self.severity
            .filter(|one| *one != PerceivedSeverity::Cleared)
            .unwrap_or_else(|| self.cause.severity())
    }
}

/// An alarm cannot take more of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the alarm has {MOST_COMMENTS} comments, which is the most")]
pub struct AlarmFull;

impl Alarm {
    /// Returns the alarm of a condition that has none.
    #[must_use]
    pub fn raise_new(raised: &Raised, now: Timestamp) -> Step {
        let alarm = Self {
            id: AlarmId::new(),
            object: raised.object.clone(),
            cause: raised.cause,
            problem: cut_text(&raised.problem, NAME_MAX),
            severity: raised.severity(),
            worst: raised.severity(),
            before: None,
            trend: None,
            text: cut_text(&raised.text, TEXT_MAX),
            raised_at: now,
            changed_at: None,
            cleared: None,
            clearing_at: None,
            ack: None,
            comments: [].into(),
            correlated: [].into(),
            notified: None,
        };
        alarm.notifying(NotificationType::NewAlarm, now)
    }

    /// The condition was seen again. A clear that has not taken effect is forgotten. An alarm that was cleared is
    /// active again.
    #[must_use]
    pub fn raise(&self, raised: &Raised, now: Timestamp) -> Option<Step> {
        let (severity, text) = (raised.severity(), cut_text(&raised.text, TEXT_MAX));
        let trend = match severity.cmp(&self.perceived_severity()) {
            std::cmp::Ordering::Greater => Some(TrendIndication::MoreSevere),
            std::cmp::Ordering::Less => Some(TrendIndication::LessSevere),
            std::cmp::Ordering::Equal => None,
        };
        let worst = self.worst.max(severity);
        let mut next = Self { severity, worst, text, clearing_at: None, ..self.clone() };
        if trend.is_none() {
            return (next != *self).then(|| Step { alarm: next, notifications: Vec::new() });
        }
        (next.before, next.trend, next.changed_at) = (Some(self.severity), trend, Some(now));
        next.cleared = None;
        Some(next.notifying(NotificationType::ChangedAlarm, now))
    }

    /// The condition was no longer seen. The alarm is cleared after `hold`, if it is not raised before.
    #[must_use]
    pub fn clear(&self, hold: SignedDuration, now: Timestamp) -> Option<Step> {
        if !self.is_active() || self.clearing_at.is_some() {
            return None;
        }
        if hold <= SignedDuration::ZERO {
            return Some(self.cleared(None, now));
        }
        let until = now.saturating_add(hold).unwrap_or(Timestamp::MAX);
        Some(Step { alarm: Self { clearing_at: Some(until), ..self.clone() }, notifications: Vec::new() })
    }

    /// Somebody clears it by hand, which takes effect at once.
    #[must_use]
    pub fn clear_by(&self, by: By, now: Timestamp) -> Option<Step> {
        self.is_active().then(|| self.cleared(Some(by), now))
    }

    /// Clears it if its time has come.
    #[must_use]
    pub fn settle(&self, now: Timestamp) -> Option<Step> {
        let due = self.is_active() && self.clearing_at.is_some_and(|at| at <= now);
        due.then(|| self.cleared(None, now))
    }

    /// Somebody acknowledges it, or withdraws that.
    #[must_use]
    pub fn acknowledge(&self, state: AckState, by: By, now: Timestamp) -> Option<Step> {
        let is = if self.is_acknowledged() { AckState::Acknowledged } else { AckState::Unacknowledged };
        if is == state {
            return None;
        }
        let next = Self { ack: Some(Ack { state, at: now, by }), ..self.clone() };
        Some(next.notifying(NotificationType::AckStateChanged, now))
    }

    /// Somebody comments on it. Returns the ID of the comment as well.
    ///
    /// # Errors
    /// Returns an error if it has too many comments.
    pub fn comment(&self, text: &str, by: By, now: Timestamp) -> Result<(String, Step), AlarmFull> {
        if self.comments.len() >= MOST_COMMENTS {
            return Err(AlarmFull);
        }
        let mut next = self.clone();
        // Comments are never deleted.
        let id = (self.comments.len() + 1).to_string();
        next.comments.insert(id.clone(), Comment { at: now, by, text: cut_text(text, TEXT_MAX) });
        Ok((id, next.notifying(NotificationType::Comments, now)))
    }

    /// Notifications of another object belong to the same fault. What exceeds the limits is left out.
    #[must_use]
    pub fn correlate(&self, source: &AlarmObject, notifications: &[i64], now: Timestamp) -> Option<Step> {
        let (mut next, dn) = (self.clone(), source.dn());
        if next.correlated.len() >= MOST_CORRELATED && !next.correlated.contains_key(&dn) {
            return None;
        }
        let known = next.correlated.entry(dn).or_default();
        for id in notifications {
            if known.len() < MOST_CORRELATED && !known.contains(id) {
                known.push(*id);
            }
        }
        let changed = !known.is_empty() && next != *self;
        changed.then(|| next.notifying(NotificationType::CorrelatedNotificationChanged, now))
    }

    fn cleared(&self, by: Option<By>, now: Timestamp) -> Step {
        let next = Self { cleared: Some(Cleared { at: now, by }), clearing_at: None, ..self.clone() };
        next.notifying(NotificationType::ClearedAlarm, now)
    }

    fn notifying(mut self, kind: NotificationType, at: Timestamp) -> Step {
        self.notified = Some(Notified { kind, at });
        Step { notifications: vec![Notification { kind, at, alarm: self.clone() }], alarm: self }
    }
}
