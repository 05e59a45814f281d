//! Alarms: their state, and how it changes. Nothing here does I/O or reads a clock.

mod cause;
mod machine;
mod object;
mod wire;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use workflow_api::alarms::{AckState, NotificationType, PerceivedSeverity, TrendIndication};

pub use cause::ProbableCause;
pub use machine::{AlarmFull, Raised, Step};
pub use object::{AlarmObject, BRIDGE_DN, is_in};

/// Maximum number of comments on an alarm.
const MOST_COMMENTS: usize = 100;
/// Maximum number of objects with correlated notifications of an alarm, and of notifications of one object.
const MOST_CORRELATED: usize = 100;
/// Maximum length of a text of an alarm, in characters.
pub const TEXT_MAX: usize = 1024;
/// Maximum length of a specific problem and of a name of a user or system, in characters.
pub const NAME_MAX: usize = 256;

/// Names an alarm. A later alarm has a greater ID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlarmId(String);

impl AlarmId {
    /// Creates an ID.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "each is another one")]
    pub fn new() -> Self {
        Self(Uuid::now_v7().to_string())
    }

    /// Returns it as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for AlarmId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// The state of an alarm. There is one for an object, a cause and a specific problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alarm {
    /// Its ID.
    pub id: AlarmId,
    /// What it is about.
    pub object: AlarmObject,
    /// Its cause.
    pub cause: ProbableCause,
    /// What distinguishes it from alarms with the same object and cause.
    pub problem: String,
    /// Its severity while it is active; not `CLEARED`.
    pub severity: PerceivedSeverity,
    /// The greatest severity that it has had.
    pub worst: PerceivedSeverity,
    /// The severity before it changed last.
    pub before: Option<PerceivedSeverity>,
    /// How the severity changed last.
    pub trend: Option<TrendIndication>,
    /// What was seen, in a sentence.
    pub text: String,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// When its severity changed last.
    pub changed_at: Option<Timestamp>,
    /// When its condition has ended; `None` while it is active.
    pub cleared: Option<Cleared>,
    /// When it will be cleared, if it is not raised before.
    pub clearing_at: Option<Timestamp>,
    /// The last acknowledgement, or its withdrawal.
    pub ack: Option<Ack>,
    /// The comments by their IDs.
    pub comments: BTreeMap<String, Comment>,
    /// Notifications that belong to the same fault, by the distinguished names of their objects.
    pub correlated: BTreeMap<String, Vec<i64>>,
    /// The last notification about it.
    pub notified: Option<Notified>,
}

/// What was notified of last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notified {
    /// What had happened.
    pub kind: NotificationType,
    /// When it had happened.
    pub at: Timestamp,
}

/// The end of an alarm's condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleared {
    /// When it ended.
    pub at: Timestamp,
    /// Who has cleared it by hand; `None` if the condition ended by itself.
    pub by: Option<By>,
}

/// An acknowledgement, or its withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Whether the alarm is acknowledged.
    pub state: AckState,
    /// When that was done.
    pub at: Timestamp,
    /// By whom.
    pub by: By,
}

/// Who did something, and with which system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// The user.
    pub user: String,
    /// The system; may be empty.
    pub system: String,
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// When it was made.
    pub at: Timestamp,
    /// By whom.
    pub by: By,
    /// Its text.
    pub text: String,
}

/// What has happened to an alarm, with the alarm as it is afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// What has happened.
    pub kind: NotificationType,
    /// When it happened.
    pub at: Timestamp,
    /// The alarm.
    pub alarm: Alarm,
}

impl Alarm {
    /// Returns whether its condition holds, as far as is known.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.cleared.is_none()
    }

    /// Returns whether it is acknowledged.
    #[must_use]
    pub fn is_acknowledged(&self) -> bool {
        self.ack.as_ref().is_some_and(|ack| ack.state == AckState::Acknowledged)
    }

    /// Returns whether it leaves the list: nobody needs it any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        !self.is_active() && self.is_acknowledged()
    }

    /// Returns the severity that others see.
    #[must_use]
    pub fn perceived_severity(&self) -> PerceivedSeverity {
        if self.is_active() { self.severity } else { PerceivedSeverity::Cleared }
    }
}

/// Cuts a text to this number of characters, and replaces what no database accepts.
#[must_use]
pub fn cut_text(text: &str, most: usize) -> String {
    text.chars().take(most).map(|letter| if letter == '\0' { '\u{fffd}' } else { letter }).collect()
}
