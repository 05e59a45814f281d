//! Events of VES 7.2 (ONAP).

use bridge_core::model::Alarm;
use bridge_core::ports::KeptNotification;
use serde_json::{Value, json};
use workflow_api::alarms::{AckState, AlarmNotification, NotificationType, PerceivedSeverity};

/// Where the schemas of 3GPP's notifications are.
const SCHEMAS: &str =
    "https://forge.3gpp.org/rep/sa5/MnS/blob/Rel-18/OpenAPI/TS28532_FaultMnS.yaml#/components/schemas";
const REPORTER: &str = "emco-bridge";

/// Returns an event of the domain `fault`.
pub(super) fn fault(kept: &KeptNotification) -> Value {
    let alarm = &kept.notification.alarm;
    let cause = alarm.cause.word();
    let problem = if alarm.problem.is_empty() { cause } else { &alarm.problem };
    let ack = if alarm.is_acknowledged() { AckState::Acknowledged } else { AckState::Unacknowledged };
    json!({"event": {
        "commonEventHeader": header(kept, "fault", &format!("Fault_EMCO_{cause}"), None),
        "faultFields": {
            "faultFieldsVersion": "4.0",
            "alarmCondition": cause,
            "eventSeverity": severity(alarm),
            "eventSourceType": "other",
            "specificProblem": problem,
            "vfStatus": "Active",
            "alarmAdditionalInformation": {
                "alarmId": alarm.id.as_str(),
                "alarmType": alarm.cause.alarm_type().word(),
                "additionalText": alarm.text,
                "proposedRepairActions": alarm.cause.repair(),
                "notificationType": kept.notification.kind.word(),
                "ackState": ack.word(),
            },
        },
    }})
}

/// Returns an event of the domain `stndDefined`, which carries the notification of 3GPP.
pub(super) fn stnd_defined(kept: &KeptNotification, record: AlarmNotification) -> Value {
    let kind = kept.notification.kind;
    let name = format!("StndDefined_EMCO_{}", kind.word());
    json!({"event": {
        "commonEventHeader": header(kept, "stndDefined", &name, Some("3GPP-FaultSupervision")),
        "stndDefinedFields": {
            "stndDefinedFieldsVersion": "1.0",
            "schemaReference": format!("{SCHEMAS}/{}", schema(kind)),
            "data": record,
        },
    }})
}

fn header(kept: &KeptNotification, domain: &str, name: &str, namespace: Option<&str>) -> Value {
    let KeptNotification { number, notification } = kept;
    let alarm = &notification.alarm;
    let mut header = json!({
        "domain": domain,
        "eventId": format!("{}:{number}", alarm.id.as_str()),
        "eventName": name,
        "priority": priority(alarm),
        "reportingEntityName": REPORTER,
        "sourceName": alarm.object.dn(),
        "sequence": number,
        "startEpochMicrosec": alarm.raised_at.as_microsecond(),
        "lastEpochMicrosec": notification.at.as_microsecond(),
        "version": "4.1",
        "vesEventListenerVersion": "7.2.1",
    });
    if let Some(namespace) = namespace {
        header["stndDefinedNamespace"] = json!(namespace);
    }
    header
}

/// VES has no word for an unknown severity; `NORMAL` is a clear.
fn severity(alarm: &Alarm) -> &'static str {
    match alarm.perceived_severity() {
        PerceivedSeverity::Cleared => "NORMAL",
        PerceivedSeverity::Indeterminate => "WARNING",
        severity => severity.word(),
    }
}

fn priority(alarm: &Alarm) -> &'static str {
    match alarm.perceived_severity() {
        PerceivedSeverity::Critical | PerceivedSeverity::Major => "High",
        PerceivedSeverity::Minor => "Medium",
        PerceivedSeverity::Warning | PerceivedSeverity::Indeterminate | PerceivedSeverity::Cleared => {
            "Normal"
        }
    }
}

/// Returns the name of the schema of a notification.
fn schema(kind: NotificationType) -> String {
    let word = kind.word();
    let (first, rest) = word.split_at(1);
    first.to_ascii_uppercase() + rest
}
