//! Examples in the OpenAPI document.

use serde_json::{Value, json};

/// An alarm.
pub(crate) fn sample_alarm() -> Value {
    let mut alarm = json!({"alarmId": "019b7c2a-3f5e-7c11-8a4b-5d2f6e7a8b9c"});
    if let (Some(alarm), Value::Object(rest)) = (alarm.as_object_mut(), sample_record()) {
        alarm.extend(rest);
    }
    alarm
}

/// An alarm without its ID.
pub(crate) fn sample_record() -> Value {
    json!({
        "objectInstance": "EMCO=proj1,CompositeApp=capp1,Version=v1,DIG=dig1,Intent=dig1-workflow-intent,Workflow=migrate-1",
        "notificationId": 17,
        "alarmRaisedTime": "2026-01-02T03:04:05Z",
        "alarmType": "PROCESSING_ERROR_ALARM",
        "probableCause": "activityRetriesExceeded",
        "specificProblem": "PlaceApp",
        "perceivedSeverity": "MAJOR",
        "proposedRepairActions": "Read the last failure of the activity in the status of the workflow, and correct its cause: the activity is tried again.",
        "additionalText": "The activity PlaceApp is in its attempt 7",
        "ackState": "UNACKNOWLEDGED",
        "lastNotificationHeader": {
            "href": "/FaultSupervisionMnS/v1/alarms/019b7c2a-3f5e-7c11-8a4b-5d2f6e7a8b9c",
            "notificationId": 17,
            "notificationType": "notifyNewAlarm",
            "eventTime": "2026-01-02T03:04:05Z",
            "systemDN": "EMCOBridge=bridge",
        },
    })
}

/// Counts of alarms.
pub(crate) fn sample_count() -> Value {
    json!({
        "criticalCount": 0, "majorCount": 1, "minorCount": 0, "warningCount": 2, "indeterminateCount": 0, "clearedCount": 1,
    })
}

/// A comment, as it is returned.
pub(crate) fn sample_comment() -> Value {
    json!({
        "commentTime": "2026-01-02T03:10:00Z", "commentUserId": "alice", "commentText": "The cluster is back at noon",
    })
}

/// A subscription, as it is returned.
pub(crate) fn sample_subscription() -> Value {
    json!({
        "id": "019b7c2a-3f5e-7c11-8a4b-5d2f6e7a8b9d", "consumerReference": "https://oss.example.org/alarms",
        "minSeverity": "MAJOR", "createdBy": "alice", "createdAt": "2026-01-02T03:04:05Z",
    })
}
