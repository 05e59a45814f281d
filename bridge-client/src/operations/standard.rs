//! The same alarms at the base path of 3GPP TS 28.532 (Fault Supervision MnS).

use std::collections::BTreeMap;

use workflow_api::alarms::{AlarmComment, AlarmCount, AlarmRecord};

use super::operations;
use crate::model::{AlarmPatch, NewSubscription, StandardSubscription};

macro_rules! base {
    ($rest:literal) => {
        concat!("/FaultSupervisionMnS/v1", $rest)
    };
}

operations! {
    /// Returns alarms by their IDs. Filters: `alarmAckState`, `baseObjectInstance`.
    GET base!("/alarms") => mns_alarms() -> BTreeMap<String, AlarmRecord>;

    /// Acknowledges or clears several alarms, by their IDs.
    PATCH base!("/alarms") => mns_patch_alarms() [BTreeMap<String, AlarmPatch>] -> ();

    /// Counts alarms by severity.
    GET base!("/alarms/alarmCount") => mns_count() -> AlarmCount;

    /// Acknowledges or clears an alarm. The body names the user.
    PATCH base!("/alarms/{alarmId}") => mns_patch_alarm(alarm: str) [AlarmPatch] -> ();

    /// Comments on an alarm.
    POST base!("/alarms/{alarmId}/comments") => mns_comment(alarm: str) [AlarmComment] -> AlarmComment;

    /// Subscribes to alarms. The ID is the last part of [`Answer::location`](crate::Answer::location).
    POST base!("/subscriptions") => mns_subscribe() [NewSubscription] -> StandardSubscription;

    /// Deletes a subscription.
    DELETE base!("/subscriptions/{subscriptionId}") => mns_unsubscribe(subscription: str) -> ();
}
