//! The formats of notifications.

mod alertmanager;
mod cloud_events;
mod ves;
mod webhook;

use bridge_core::ports::KeptNotification;
use jiff::Timestamp;

use crate::message::{Message, json};
use crate::targets::{Format, Target};
pub(crate) use alertmanager::alerts;

/// Writes a notification for a target. `base` is the address of the bridge; may be empty.
pub(crate) fn message(
    target: &Target,
    kept: &KeptNotification,
    base: &str,
    now: Timestamp,
) -> Result<Message, serde_json::Error> {
    let record = kept.notification.record(base, kept.number);
    match target.format {
        Format::CloudeventsStructured => cloud_events::structured(kept, record, base),
        Format::CloudeventsBinary => cloud_events::binary(kept, &record, base),
        Format::Alertmanager => {
            let alerts = alertmanager::of_notification(&kept.notification, base, now, target.repeat);
            json(&alerts)
        }
        Format::VesFault => json(&ves::fault(kept)),
        Format::VesStndDefined => json(&ves::stnd_defined(kept, record)),
        Format::ThreeGpp => json(&record),
        Format::Webhook => webhook::signed(json(&record)?, kept, target.secret().as_deref(), now),
    }
}

#[cfg(test)]
mod tests {
    use bridge_core::model::{Alarm, AlarmObject, DigKey, Notification, ProbableCause, Raised};
    use jiff::SignedDuration;
    use serde_json::{Value, json};

    use super::*;

    const BASE: &str = "https://bridge.example.org";
    const REPEAT: std::time::Duration = std::time::Duration::from_secs(60);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_322_800 + second).unwrap()
    }

    /// Returns an alarm's notifications: raised, then cleared.
    fn both() -> [KeptNotification; 2] {
        let key = DigKey::new("proj1", "capp1", "v1", "dig1").intent("intent1");
        let object = AlarmObject::workflow(&key, &"wörk \"1\"".into());
        let raised = Raised {
            problem: "PlaceApp".to_owned(),
            ..Raised::new(object, ProbableCause::ActivityRetriesExceeded, "It is in its attempt 7")
        };
        let mut alarm = Alarm::raise_new(&raised, at(0)).alarm;
        alarm.id = "019b7c2a-3f5e-7c11-8a4b-5d2f6e7a8b9c".into();
        let cleared = alarm.clear(SignedDuration::ZERO, at(90)).unwrap().notifications.remove(0);
        let new = Notification { kind: alarm.notified.unwrap().kind, at: at(0), alarm };
        [(17, new), (18, cleared)].map(|(number, notification)| KeptNotification { number, notification })
    }

    fn shown(message: &Message) -> Value {
        let headers = message.headers.iter();
        let headers: Vec<_> =
            headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        let body: Value = serde_json::from_slice(&message.body).unwrap();
        json!({"contentType": message.content_type, "headers": headers, "body": body})
    }

    #[test]
    fn each_format_is_as_agreed() {
        let [new, cleared] = both();
        let all = [&new, &cleared].map(|kept| {
            let record = kept.notification.record(BASE, kept.number);
            json!({
                "cloudevents-structured": shown(&cloud_events::structured(kept, record.clone(), BASE).unwrap()),
                "cloudevents-binary": shown(&cloud_events::binary(kept, &record, BASE).unwrap()),
                "alertmanager": alertmanager::of_notification(&kept.notification, BASE, at(100), REPEAT),
                "ves-fault": ves::fault(kept),
                "ves-stnd-defined": ves::stnd_defined(kept, record.clone()),
                "3gpp": record,
            })
        });
        insta::assert_json_snapshot!(all);
    }

    #[test]
    fn an_alert_has_the_same_labels_until_it_ends() {
        let [new, cleared] = both();
        let alert = |kept: &KeptNotification, now| {
            let alerts = alertmanager::of_notification(&kept.notification, "", at(now), REPEAT);
            serde_json::to_value(alerts).unwrap()
        };
        let (first, again, ended) = (alert(&new, 0), alert(&new, 60), alert(&cleared, 100));
        assert_eq!(first[0]["labels"], again[0]["labels"]);
        assert_eq!(first[0]["labels"], ended[0]["labels"]);
        assert_eq!(first[0]["endsAt"], at(180).to_string());
        assert_eq!(ended[0]["endsAt"], at(90).to_string());
        // A repeat has what was cleared lately, and no more than that.
        let alarm = &cleared.notification.alarm;
        let repeated = |now| alerts([alarm].into_iter(), "", at(now), REPEAT).len();
        assert_eq!((repeated(100), repeated(271)), (1, 0));
    }

    #[test]
    fn an_alert_of_another_severity_ends_the_one_before() {
        let [new, _] = both();
        let alarm = &new.notification.alarm;
        let worse = Raised {
            problem: alarm.problem.clone(),
            severity: Some(workflow_api::alarms::PerceivedSeverity::Critical),
            ..Raised::new(alarm.object.clone(), alarm.cause, "")
        };
        let changed = alarm.raise(&worse, at(30)).unwrap().notifications.remove(0);
        let alerts = alertmanager::of_notification(&changed, "", at(31), REPEAT);
        let alerts = serde_json::to_value(alerts).unwrap();
        assert_eq!(alerts[0]["labels"]["severity"], "critical");
        assert_eq!(alerts[1]["labels"]["severity"], "major");
        assert_eq!(alerts[1]["endsAt"], at(30).to_string());
    }
}
