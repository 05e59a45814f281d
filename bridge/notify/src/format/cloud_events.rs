//! CloudEvents 1.0 over HTTP.

use bridge_core::model::Notification;
use bridge_core::ports::KeptNotification;
use http::{HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::json;
use workflow_api::alarms::{AckState, AlarmNotification, NotificationType};

use crate::message::{Message, json as message};

/// What the binary mode encodes in headers.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

/// Returns the type of the event.
fn kind(notification: &Notification) -> String {
    let acknowledged = notification.alarm.ack.as_ref().is_some_and(|ack| ack.state == AckState::Acknowledged);
    let verb = match notification.kind {
        NotificationType::NewAlarm => "raised",
        NotificationType::ChangedAlarm => "changed",
        NotificationType::ClearedAlarm => "cleared",
        NotificationType::AckStateChanged if acknowledged => "acknowledged",
        NotificationType::AckStateChanged => "unacknowledged",
        NotificationType::Comments => "commented",
        NotificationType::CorrelatedNotificationChanged => "correlated",
    };
    format!("org.emco.workflow.alarm.{verb}.v1")
}

/// Returns the attributes, in order.
fn attributes(kept: &KeptNotification, base: &str) -> [(&'static str, String); 6] {
    let KeptNotification { number, notification } = kept;
    let source = if base.is_empty() { "urn:emco:bridge" } else { base };
    [
        ("specversion", "1.0".to_owned()),
        ("id", format!("{}:{number}", notification.alarm.id.as_str())),
        ("source", source.to_owned()),
        ("type", kind(notification)),
        ("subject", notification.alarm.object.dn()),
        ("time", notification.at.to_string()),
    ]
}

pub(super) fn structured(
    kept: &KeptNotification,
    record: AlarmNotification,
    base: &str,
) -> Result<Message, serde_json::Error> {
    let attributes = attributes(kept, base).map(|(name, value)| (name.to_owned(), json!(value)));
    let mut event = serde_json::Map::from_iter(attributes);
    event.insert("datacontenttype".to_owned(), json!("application/json"));
    event.insert("data".to_owned(), serde_json::to_value(record)?);
    Ok(Message { content_type: "application/cloudevents+json", ..message(&event)? })
}

pub(super) fn binary(
    kept: &KeptNotification,
    record: &AlarmNotification,
    base: &str,
) -> Result<Message, serde_json::Error> {
    let mut message = message(record)?;
    for (name, value) in attributes(kept, base) {
        let value = utf8_percent_encode(&value, ENCODED).to_string();
        if let (Ok(name), Ok(value)) =
            (HeaderName::try_from(format!("ce-{name}")), HeaderValue::try_from(value))
        {
            message.headers.insert(name, value);
        }
    }
    Ok(message)
}
