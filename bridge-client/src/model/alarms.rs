//! Changes of alarms, subscriptions, deliveries.

use serde::{Deserialize, Serialize};
use workflow_api::alarms::{AckState, PerceivedSeverity};

/// What to change about an alarm: its acknowledgement, or its severity to `CLEARED`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AlarmPatch {
    /// Whether the alarm is acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ack_state: Option<AckState>,
    /// Who acknowledges it, or withdraws that. By default the caller; required at the base path of 3GPP.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ack_user_id: String,
    /// With which system.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ack_system_id: String,
    /// `CLEARED`, to clear the alarm by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perceived_severity: Option<PerceivedSeverity>,
    /// Who clears it. By default the caller; required at the base path of 3GPP.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub clear_user_id: String,
    /// With which system.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub clear_system_id: String,
}

/// A subscription to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NewSubscription {
    /// The URL to which notifications are posted. It must match a pattern that the operator has registered.
    pub consumer_reference: String,
    /// Only kept: subscriptions do not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_tick: Option<i64>,
    /// The least severity that an alarm must have reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_severity: Option<PerceivedSeverity>,
    /// Only alarms about this object, or about what is in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_object_instance: Option<String>,
}

/// A subscription.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Subscription {
    /// Its ID.
    pub id: String,
    /// The URL to which notifications are posted.
    pub consumer_reference: String,
    /// What the subscriber asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_tick: Option<i64>,
    /// The least severity that an alarm must have reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_severity: Option<PerceivedSeverity>,
    /// The only object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_object_instance: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// When it was made (RFC 3339).
    pub created_at: String,
}

/// A subscription, in the shape of 3GPP TS 28.532.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StandardSubscription {
    /// The URL to which notifications are posted.
    pub consumer_reference: String,
    /// What the subscriber asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_tick: Option<i64>,
}

/// A notification that a target has not got yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Delivery {
    /// The ID of the delivery.
    pub id: i64,
    /// The name of the target; `subscription:` and the ID for a subscription.
    pub target: String,
    /// The alarm.
    pub alarm_id: String,
    /// The notification.
    pub notification_id: i64,
    /// How many times it was tried.
    pub attempts: i64,
    /// When it is tried next (RFC 3339).
    pub next_attempt: String,
    /// When it became a dead letter (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_since: Option<String>,
    /// Why it failed last.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
}
