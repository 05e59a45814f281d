//! Alarms as 3GPP TS 28.532 writes them (Fault Supervision MnS, X.733 in JSON).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

macro_rules! words {
    // `tt`, because utoipa does not see a `rename` with a `literal`.
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:tt),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// All of them.
            pub const ALL: [Self; [$(Self::$variant),+].len()] = [$(Self::$variant),+];

            /// Returns its word.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}

words! {
    /// How severe an alarm is. A greater one is more severe.
    PerceivedSeverity {
        /// The condition has ended.
        Cleared = "CLEARED",
        /// Unknown.
        Indeterminate = "INDETERMINATE",
        /// Nothing is impaired yet.
        Warning = "WARNING",
        /// Something is impaired a little.
        Minor = "MINOR",
        /// Something is impaired badly.
        Major = "MAJOR",
        /// Something does not work at all.
        Critical = "CRITICAL",
    }
}

words! {
    /// The kind of an alarm.
    AlarmType {
        /// About moving information.
        Communications = "COMMUNICATIONS_ALARM",
        /// About a service that has become worse.
        QualityOfService = "QUALITY_OF_SERVICE_ALARM",
        /// About software.
        ProcessingError = "PROCESSING_ERROR_ALARM",
        /// About equipment.
        Equipment = "EQUIPMENT_ALARM",
        /// About something that was changed, added or deleted.
        IntegrityViolation = "INTEGRITY_VIOLATION",
        /// About a service that cannot be had.
        OperationalViolation = "OPERATIONAL_VIOLATION",
        /// About something at an unexpected time.
        TimeDomainViolation = "TIME_DOMAIN_VIOLATION",
    }
}

words! {
    /// Whether somebody has acknowledged an alarm.
    AckState {
        /// Somebody has.
        Acknowledged = "ACKNOWLEDGED",
        /// Nobody has.
        Unacknowledged = "UNACKNOWLEDGED",
    }
}

words! {
    /// How the severity has changed last.
    TrendIndication {
        /// It is greater than before.
        MoreSevere = "MORE_SEVERE",
        /// It is as before.
        NoChange = "NO_CHANGE",
        /// It is less than before.
        LessSevere = "LESS_SEVERE",
    }
}

words! {
    /// Which alarms to return, by their state.
    AlarmAckState {
        /// All.
        All = "ALL_ALARMS",
        /// Those that are not cleared.
        Active = "ALL_ACTIVE_ALARMS",
        /// Those of them that are acknowledged.
        ActiveAcknowledged = "ALL_ACTIVE_AND_ACKNOWLEDGED_ALARMS",
        /// Those of them that are not acknowledged.
        ActiveUnacknowledged = "ALL_ACTIVE_AND_UNACKNOWLEDGED_ALARMS",
        /// Those that are cleared and not acknowledged.
        ClearedUnacknowledged = "ALL_CLEARED_AND_UNACKNOWLEDGED_ALARMS",
        /// Those that are not acknowledged.
        Unacknowledged = "ALL_UNACKNOWLEDGED_ALARMS",
    }
}

words! {
    /// What has happened to an alarm.
    NotificationType {
        /// It was raised.
        NewAlarm = "notifyNewAlarm",
        /// Its severity has changed.
        ChangedAlarm = "notifyChangedAlarm",
        /// It was acknowledged, or is no longer.
        AckStateChanged = "notifyAckStateChanged",
        /// It has other correlated notifications.
        CorrelatedNotificationChanged = "notifyCorrelatedNotificationChanged",
        /// Somebody has commented on it.
        Comments = "notifyComments",
        /// It was cleared.
        ClearedAlarm = "notifyClearedAlarm",
    }
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AlarmRecord {
    /// The alarm's ID. Absent where it is the key of a map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_id: Option<String>,
    /// The distinguished name of what the alarm is about.
    pub object_instance: String,
    /// The ID of the last notification about the alarm.
    pub notification_id: i64,
    /// When it was raised (RFC 3339).
    pub alarm_raised_time: String,
    /// When its severity changed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_changed_time: Option<String>,
    /// When it was cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_cleared_time: Option<String>,
    /// The kind of alarm.
    pub alarm_type: AlarmType,
    /// The cause: one of the words in `docs/alarms.md`.
    pub probable_cause: String,
    /// What distinguishes alarms with the same object and cause; absent if nothing does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub specific_problem: String,
    /// The severity; `CLEARED` once the condition has ended.
    pub perceived_severity: PerceivedSeverity,
    /// How the severity changed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trend_indication: Option<TrendIndication>,
    /// Notifications that belong to the same fault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub correlated_notifications: Vec<CorrelatedNotification>,
    /// What to do about it.
    pub proposed_repair_actions: String,
    /// What was seen, in a sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub additional_text: String,
    /// When it was acknowledged, or no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ack_time: Option<String>,
    /// Who did that.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ack_user_id: String,
    /// With which system.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ack_system_id: String,
    /// Whether it is acknowledged.
    pub ack_state: AckState,
    /// Who cleared it by hand.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub clear_user_id: String,
    /// With which system.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub clear_system_id: String,
    /// The header of the last notification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_notification_header: Option<NotificationHeader>,
    /// The comments by their IDs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub comments: BTreeMap<String, AlarmComment>,
}

/// Notifications of one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CorrelatedNotification {
    /// The distinguished name of the object.
    pub source_object_instance: String,
    /// The IDs of the notifications.
    pub notification_ids: Vec<i64>,
}

/// A comment on an alarm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct AlarmComment {
    /// When it was made. Ignored in requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment_time: Option<String>,
    /// Who made it. By default the caller.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub comment_user_id: String,
    /// With which system. By default the caller, if it names another user.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub comment_system_id: String,
    /// The text: 1 to 1024 characters.
    pub comment_text: String,
}

/// The number of alarms of each severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AlarmCount {
    /// Those that are critical.
    pub critical_count: u64,
    /// Those that are major.
    pub major_count: u64,
    /// Those that are minor.
    pub minor_count: u64,
    /// Those that are warnings.
    pub warning_count: u64,
    /// Those of unknown severity.
    pub indeterminate_count: u64,
    /// Those that are cleared.
    pub cleared_count: u64,
}

/// What all notifications have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct NotificationHeader {
    /// The address of the alarm.
    pub href: String,
    /// The ID of the notification.
    pub notification_id: i64,
    /// What has happened.
    pub notification_type: NotificationType,
    /// When it happened (RFC 3339).
    pub event_time: String,
    /// The distinguished name of the bridge.
    #[serde(rename = "systemDN")]
    pub system_dn: String,
}

/// A notification about an alarm. What is present depends on its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AlarmNotification {
    /// What all notifications have.
    #[serde(flatten)]
    pub header: NotificationHeader,
    /// The alarm.
    pub alarm_id: String,
    /// The kind of alarm.
    pub alarm_type: AlarmType,
    /// The cause.
    pub probable_cause: String,
    /// What distinguishes alarms with the same object and cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub specific_problem: Option<String>,
    /// The severity.
    pub perceived_severity: PerceivedSeverity,
    /// How the severity changed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trend_indication: Option<TrendIndication>,
    /// Notifications that belong to the same fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlated_notifications: Option<Vec<CorrelatedNotification>>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_repair_actions: Option<String>,
    /// What was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_text: Option<String>,
    /// Whether it is acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ack_state: Option<AckState>,
    /// Who has acknowledged it, or no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ack_user_id: Option<String>,
    /// With which system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ack_system_id: Option<String>,
    /// Who has cleared it by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear_user_id: Option<String>,
    /// With which system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear_system_id: Option<String>,
    /// All comments by their IDs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comments: Option<BTreeMap<String, AlarmComment>>,
}
