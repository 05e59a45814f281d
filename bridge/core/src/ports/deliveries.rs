//! The outbox of notifications, and the subscriptions to them.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{KeptNotification, StoreError};
use crate::model::{Event, Notification, is_in};

/// Keeps what is to be delivered to whom. What is about one alarm is delivered to one target in order.
#[async_trait]
pub trait DeliveryStore: fmt::Debug + Send + Sync {
    /// Returns the names of the targets to which something is due.
    async fn due_targets(&self) -> Result<Vec<String>, StoreError>;

    /// Leases at most `limit` due deliveries to a target: of each alarm only the first that is not delivered. Nobody
    /// else gets them before `lease` has passed.
    async fn take_deliveries(
        &self,
        target: &str,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Notes that it was delivered. Returns whether the lease still held.
    async fn delivered(&self, delivery: &Delivery) -> Result<bool, StoreError>;

    /// Puts it off, because it could not be delivered.
    async fn put_off_delivery(
        &self,
        delivery: &Delivery,
        pause: Duration,
        error: &str,
    ) -> Result<bool, StoreError>;

    /// Makes it a dead letter, because its target refuses it. What follows about the same alarm waits.
    async fn bury_delivery(&self, delivery: &Delivery, error: &str) -> Result<bool, StoreError>;

    /// Returns at most `limit` deliveries that meet the filter, oldest first.
    async fn deliveries(&self, filter: &DeliveryFilter, limit: u32) -> Result<Vec<DeliveryView>, StoreError>;

    /// Makes a delivery due now, as if it had never been tried. Returns whether there is one.
    async fn retry_delivery(&self, number: i64, event: &Event) -> Result<bool, StoreError>;

    /// Deletes the deliveries to a target that is gone. Returns how many there were.
    async fn drop_deliveries(&self, target: &str) -> Result<u64, StoreError>;

    /// Gives up a delivery. Returns whether there is one.
    async fn discard_delivery(&self, number: i64, event: &Event) -> Result<bool, StoreError>;

    /// Keeps a subscription.
    async fn add_subscription(&self, kept: &KeptSubscription, event: &Event) -> Result<(), StoreError>;

    /// Returns all subscriptions, oldest first.
    async fn subscriptions(&self) -> Result<Vec<KeptSubscription>, StoreError>;

    /// Deletes a subscription, and the deliveries to its target. Returns whether there was one.
    async fn delete_subscription(&self, id: &str, target: &str, event: &Event) -> Result<bool, StoreError>;
}

/// A delivery that this process has leased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its number.
    pub number: i64,
    /// How many times it was tried, this time included.
    pub attempt: i64,
    /// The lease: proves that it is still this process's own.
    pub lease: i64,
    /// The notification.
    pub kept: KeptNotification,
}

/// Which deliveries to return.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// The name of the target.
    pub target: Option<String>,
    /// Whether only dead letters are returned.
    pub dead: bool,
    /// The last delivery of the previous page.
    pub after: Option<i64>,
}

/// A delivery that has not succeeded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryView {
    /// Its number.
    pub number: i64,
    /// The name of the target.
    pub target: String,
    /// The alarm.
    pub alarm_id: String,
    /// The number of the notification.
    pub notification: i64,
    /// How many times it was tried.
    pub attempts: i64,
    /// When it is tried next.
    pub due_at: Timestamp,
    /// When it became a dead letter; `None` if it is not one.
    pub dead_at: Option<Timestamp>,
    /// Why it failed last; empty if it was not tried.
    pub error: String,
}

/// A subscription to notifications.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// The URL that gets the notifications.
    pub consumer_reference: String,
    /// After how many minutes the consumer would like to be asked whether it is still there. It is only kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_tick: Option<i64>,
    /// The least severity that an alarm must have reached; `None` for all alarms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_severity: Option<workflow_api::alarms::PerceivedSeverity>,
    /// The distinguished name of an object; `None` for all objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_object_instance: Option<String>,
}

impl Subscription {
    /// Returns whether its consumer gets a notification.
    #[must_use]
    pub fn wants(&self, notification: &Notification) -> bool {
        let alarm = &notification.alarm;
        self.min_severity.is_none_or(|least| alarm.worst >= least)
            && self.base_object_instance.as_ref().is_none_or(|base| is_in(&alarm.object.dn(), base))
    }
}

/// Returns the name of the target of a subscription.
#[must_use]
pub fn subscription_target(id: &str) -> String {
    format!("subscription:{id}")
}

/// A subscription, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSubscription {
    /// Its ID.
    pub id: String,
    /// Who made it.
    pub by: String,
    /// When it was made.
    pub at: Timestamp,
    /// The subscription.
    pub subscription: Subscription,
}
