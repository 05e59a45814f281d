//! Alarms in the words of the standard.

use std::collections::BTreeMap;

use workflow_api::alarms::{
    AckState, AlarmComment, AlarmNotification, AlarmRecord, CorrelatedNotification, NotificationHeader,
    NotificationType,
};

use super::{Alarm, BRIDGE_DN, Comment, Notification, Notified};

/// The path of an alarm at the standard's own address.
const ALARM_PATH: &str = "/FaultSupervisionMnS/v1/alarms";

impl Comment {
    /// Returns it in the words of the standard.
    #[must_use]
    pub fn record(&self) -> AlarmComment {
        AlarmComment {
            comment_time: Some(self.at.to_string()),
            comment_user_id: self.by.user.clone(),
            comment_system_id: self.by.system.clone(),
            comment_text: self.text.clone(),
        }
    }
}

impl Alarm {
    /// Returns it in the words of the standard. `number` is that of the last notification, and `base` the address of
    /// the bridge, without a slash at its end; may be empty.
    #[must_use]
    pub fn record(&self, base: &str, number: i64) -> AlarmRecord {
        let ack = self.ack.as_ref();
        let cleared_by = self.cleared.as_ref().and_then(|cleared| cleared.by.clone()).unwrap_or_default();
        AlarmRecord {
            alarm_id: Some(self.id.as_str().to_owned()),
            object_instance: self.object.dn(),
            notification_id: number,
            alarm_raised_time: self.raised_at.to_string(),
            alarm_changed_time: self.changed_at.map(|at| at.to_string()),
            alarm_cleared_time: self.cleared.as_ref().map(|cleared| cleared.at.to_string()),
            alarm_type: self.cause.alarm_type(),
            probable_cause: self.cause.word().to_owned(),
            specific_problem: self.problem.clone(),
            perceived_severity: self.perceived_severity(),
            trend_indication: self.trend,
            correlated_notifications: self.correlated_records(),
            proposed_repair_actions: self.cause.repair().to_owned(),
            additional_text: self.text.clone(),
            ack_time: ack.map(|ack| ack.at.to_string()),
            ack_user_id: ack.map(|ack| ack.by.user.clone()).unwrap_or_default(),
            ack_system_id: ack.map(|ack| ack.by.system.clone()).unwrap_or_default(),
            ack_state: ack.map_or(AckState::Unacknowledged, |ack| ack.state),
            clear_user_id: cleared_by.user,
            clear_system_id: cleared_by.system,
            last_notification_header: self.notified.map(|last| self.header(base, last, number)),
            comments: self.comment_records(),
        }
    }

    fn header(&self, base: &str, last: Notified, number: i64) -> NotificationHeader {
        NotificationHeader {
            href: format!("{base}{ALARM_PATH}/{}", self.id.as_str()),
            notification_id: number,
            notification_type: last.kind,
            event_time: last.at.to_string(),
            system_dn: BRIDGE_DN.to_owned(),
        }
    }

    fn correlated_records(&self) -> Vec<CorrelatedNotification> {
        let record = |(dn, ids): (&String, &Vec<i64>)| CorrelatedNotification {
            source_object_instance: dn.clone(),
            notification_ids: ids.clone(),
        };
        self.correlated.iter().map(record).collect()
    }

    fn comment_records(&self) -> BTreeMap<String, AlarmComment> {
        self.comments.iter().map(|(id, comment)| (id.clone(), comment.record())).collect()
    }
}

impl Notification {
    /// Returns it in the words of the standard: what its type has. `base` is the address of the bridge, without a
    /// slash at its end; may be empty.
    #[must_use]
    pub fn record(&self, base: &str, number: i64) -> AlarmNotification {
        use NotificationType as Kind;
        let alarm = &self.alarm;
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let new = self.kind == Kind::NewAlarm;
        let ack = alarm.ack.as_ref().filter(|_| self.kind == Kind::AckStateChanged);
        let cleared = alarm.cleared.as_ref().filter(|_| self.kind == Kind::ClearedAlarm);
        let cleared_by = cleared.and_then(|cleared| cleared.by.as_ref());
        let correlates = self.kind == Kind::CorrelatedNotificationChanged;
        AlarmNotification {
            header: alarm.header(base, Notified { kind: self.kind, at: self.at }, number),
            alarm_id: alarm.id.as_str().to_owned(),
            alarm_type: alarm.cause.alarm_type(),
            probable_cause: alarm.cause.word().to_owned(),
            specific_problem: some(&alarm.problem).filter(|_| new),
            perceived_severity: alarm.perceived_severity(),
            trend_indication: alarm.trend.filter(|_| new),
            correlated_notifications: correlates.then(|| alarm.correlated_records()),
            proposed_repair_actions: new.then(|| alarm.cause.repair().to_owned()),
            additional_text: some(&alarm.text).filter(|_| new),
            ack_state: ack.map(|ack| ack.state),
            ack_user_id: ack.map(|ack| ack.by.user.clone()),
            ack_system_id: ack.and_then(|ack| some(&ack.by.system)),
            clear_user_id: cleared_by.map(|by| by.user.clone()),
            clear_system_id: cleared_by.and_then(|by| some(&by.system)),
            comments: (self.kind == Kind::Comments).then(|| alarm.comment_records()),
        }
    }
}
