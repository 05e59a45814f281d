//! The alarms, and the notifications about them.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use workflow_api::alarms::{AlarmAckState, PerceivedSeverity};

use super::StoreError;
use crate::model::{Alarm, AlarmId, AlarmObject, Event, Notification, ProbableCause};

/// Keeps alarms. There is at most one for an object, a cause and a specific problem, whatever replicas do at once.
#[async_trait]
pub trait AlarmStore: fmt::Debug + Send + Sync {
    /// Returns an alarm.
    async fn alarm(&self, id: &AlarmId) -> Result<Option<KeptAlarm>, StoreError>;

    /// Returns the alarm of an object, a cause and a specific problem.
    async fn alarm_of(
        &self,
        object: &AlarmObject,
        cause: ProbableCause,
        problem: &str,
    ) -> Result<Option<KeptAlarm>, StoreError>;

    /// Returns at most `limit` alarms that meet the filter, newest first.
    async fn alarms(&self, filter: &AlarmFilter, limit: u32) -> Result<Vec<KeptAlarm>, StoreError>;

    /// Returns the number of alarms in the list.
    async fn alarm_count(&self) -> Result<u64, StoreError>;

    /// Returns at most `limit` alarms that are to be cleared by now.
    async fn due_alarms(&self, now: Timestamp, limit: u32) -> Result<Vec<KeptAlarm>, StoreError>;

    /// Writes a change with its notifications, their deliveries and its event; an alarm that is over is deleted.
    /// Returns whether it was written: not if the alarm has changed since it was read, and not if another was made.
    async fn save_alarm(&self, change: &AlarmChange<'_>) -> Result<bool, StoreError>;

    /// Returns at most `limit` notifications with greater numbers, in their order. None that is written later gets
    /// between them.
    async fn notifications(&self, after: i64, limit: u32) -> Result<Vec<KeptNotification>, StoreError>;

    /// Returns the numbers of the oldest and of the newest notification that is kept; `None` if there is none.
    async fn notification_range(&self) -> Result<Option<(i64, i64)>, StoreError>;

    /// Deletes the notifications before `before` that are delivered. Returns how many there were.
    async fn forget_notifications(&self, before: Timestamp) -> Result<u64, StoreError>;
}

/// Decides who gets notifications.
pub trait Recipients: fmt::Debug + Send + Sync {
    /// Returns the names of the registered targets that get a notification.
    fn of(&self, notification: &Notification) -> Vec<String>;

    /// Returns the address of the bridge for links, without a slash at its end; empty if it is not configured.
    fn base(&self) -> String;

    /// Returns whether notifications may be sent to this URL, because the operator has registered a pattern for it.
    ///
    /// # Errors
    /// Returns why not, as the rest of a sentence.
    fn may_subscribe(&self, url: &url::Url) -> Result<(), String>;
}

/// A change of an alarm.
#[derive(Debug, Clone, Copy)]
pub struct AlarmChange<'a> {
    /// The version of the alarm that was read; `None` for a new alarm.
    pub before: Option<i64>,
    /// The alarm after the change.
    pub alarm: &'a Alarm,
    /// What to notify of, each with the names of the targets that get it.
    pub notifications: &'a [(Notification, Vec<String>)],
    /// The event of the change; `None` for what nobody is notified of.
    pub event: Option<&'a Event>,
}

/// Which alarms to return. An alarm must meet every part that is present; by default, all do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlarmFilter {
    /// Their state.
    pub state: Option<AlarmAckState>,
    /// The severity.
    pub severity: Option<PerceivedSeverity>,
    /// The cause.
    pub cause: Option<ProbableCause>,
    /// The distinguished name of the object, or of what it is in.
    pub base: Option<String>,
    /// The last alarm of the previous page.
    pub after: Option<AlarmId>,
}

/// An alarm, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAlarm {
    /// The alarm.
    pub alarm: Alarm,
    /// Its version, which each change increases.
    pub version: i64,
    /// The number of the last notification about it.
    pub number: i64,
}

/// A notification, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptNotification {
    /// Its number. A later one about the same alarm has a greater number.
    pub number: i64,
    /// The notification.
    pub notification: Notification,
}
