//! Alerts of Alertmanager, API version 2.

use std::collections::BTreeMap;
use std::time::Duration;

use bridge_core::model::{Alarm, Notification};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use workflow_api::alarms::{NotificationType, PerceivedSeverity};

/// An alert. Its labels are its identity, so they have nothing that changes while the alarm is as severe as it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Alert {
    labels: BTreeMap<&'static str, String>,
    annotations: BTreeMap<&'static str, String>,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL", skip_serializing_if = "Option::is_none")]
    generator_url: Option<String>,
}

/// Returns the alerts of a notification.
pub(super) fn of_notification(
    notification: &Notification,
    base: &str,
    now: Timestamp,
    repeat: Duration,
) -> Vec<Alert> {
    let alarm = &notification.alarm;
    let mut alerts = vec![alert(alarm, alarm.severity, base, end(alarm, now, repeat))];
    // With another severity it was another alert, which ends now.
    if notification.kind == NotificationType::ChangedAlarm
        && let Some(before) = alarm.before.filter(|before| *before != alarm.severity)
    {
        alerts.push(alert(alarm, before, base, notification.at));
    }
    alerts
}

/// Returns the alerts of these alarms, for a repeat. Those that were cleared lately are among them, because a repeat of
/// another replica may have overtaken their end.
pub(crate) fn alerts<'a>(
    alarms: impl Iterator<Item = &'a Alarm>,
    base: &str,
    now: Timestamp,
    repeat: Duration,
) -> Vec<Alert> {
    let lately = now.saturating_sub(three(repeat)).unwrap_or(Timestamp::MIN);
    let current = alarms.filter(|alarm| alarm.cleared.as_ref().is_none_or(|cleared| cleared.at >= lately));
    current.map(|alarm| alert(alarm, alarm.severity, base, end(alarm, now, repeat))).collect()
}

/// Returns when an alert ends: if it is not repeated, after three intervals.
fn end(alarm: &Alarm, now: Timestamp, repeat: Duration) -> Timestamp {
    match &alarm.cleared {
        Some(cleared) => cleared.at.min(now),
        None => now.saturating_add(three(repeat)).unwrap_or(Timestamp::MAX),
    }
}

fn three(repeat: Duration) -> SignedDuration {
    SignedDuration::try_from(repeat.saturating_mul(3)).unwrap_or(SignedDuration::MAX)
}

fn alert(alarm: &Alarm, severity: PerceivedSeverity, base: &str, end: Timestamp) -> Alert {
    let object = alarm.object.of_event();
    let labels = [
        ("alertname", alarm.cause.word().to_owned()),
        ("severity", severity.word().to_ascii_lowercase()),
        ("object_instance", alarm.object.dn()),
        ("specific_problem", alarm.problem.clone()),
        ("project", object.project),
        ("composite_app", object.composite_app),
        ("version", object.version),
        ("deployment_intent_group", object.deployment_intent_group),
        ("intent", object.intent),
        ("workflow_id", object.workflow_id),
    ];
    let annotations = [
        ("summary", alarm.text.clone()),
        ("description", alarm.cause.repair().to_owned()),
        ("alarm_id", alarm.id.as_str().to_owned()),
        ("acknowledged", alarm.is_acknowledged().to_string()),
    ];
    let present = |(_, value): &(&'static str, String)| !value.is_empty();
    Alert {
        labels: labels.into_iter().filter(present).collect(),
        annotations: annotations.into_iter().filter(present).collect(),
        starts_at: alarm.raised_at.to_string(),
        ends_at: end.max(alarm.raised_at).to_string(),
        generator_url: (!base.is_empty()).then(|| format!("{base}/v2/alarms/{}", alarm.id.as_str())),
    }
}
