//! Alarms: what needs somebody's attention, and who is notified of it.

use workflow_api::alarms::{AlarmComment, AlarmCount, AlarmRecord};

use super::operations;
use crate::events::EventsOnly;
use crate::model::{AlarmPatch, Delivery, NewSubscription, Subscription};

operations! {
    /// Lists alarms. Filters: `alarmAckState`, `perceivedSeverity`, `probableCause`, `baseObjectInstance`, `scope`.
    GET "/v2/alarms" => list_alarms() -> Vec<AlarmRecord>;

    /// Counts alarms by severity. Filters as for [`list_alarms`](Self::list_alarms).
    GET "/v2/alarms/counts" => count_alarms() -> AlarmCount;

    /// Follows alarms: [`events`](crate::Call::events) has one event for each notification. Filter: `scope`.
    GET "/v2/alarms/events" => alarm_events() -> EventsOnly;

    /// Returns an alarm.
    GET "/v2/alarms/{alarmId}" => get_alarm(alarm: str) -> AlarmRecord;

    /// Acknowledges or clears an alarm, or withdraws the acknowledgement.
    PATCH "/v2/alarms/{alarmId}" => patch_alarm(alarm: str) [AlarmPatch] -> AlarmRecord;

    /// Comments on an alarm.
    POST "/v2/alarms/{alarmId}/comments" => comment_alarm(alarm: str) [AlarmComment] -> AlarmComment;

    /// Lists subscriptions to alarms.
    GET "/v2/alarm-subscriptions" => list_subscriptions() -> Vec<Subscription>;

    /// Subscribes to alarms.
    POST "/v2/alarm-subscriptions" => create_subscription() [NewSubscription] -> Subscription;

    /// Deletes a subscription.
    DELETE "/v2/alarm-subscriptions/{subscriptionId}" => delete_subscription(subscription: str) -> ();

    /// Lists notifications that have not arrived, oldest first. Filters: `target`, `dead`.
    GET "/v2/alarm-deliveries" => list_deliveries() -> Vec<Delivery>;

    /// Retries a delivery now.
    POST "/v2/alarm-deliveries/{delivery}/retry" => retry_delivery(delivery: i64) -> ();

    /// Gives up a delivery, such as a dead letter.
    DELETE "/v2/alarm-deliveries/{delivery}" => discard_delivery(delivery: i64) -> ();
}
