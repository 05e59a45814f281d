//! Events of the audit.

use serde::{Deserialize, Serialize};

/// An event of the audit: who did what, when, from where, and how it ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuditEvent {
    /// The number of the event.
    pub number: i64,
    /// The number of the seal that the event is in; absent for an event of the last seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<i64>,
    /// The call. The two events of a call that leaves the bridge have the same ID.
    pub id: String,
    /// `received` if it was written before the call took effect, `complete` if afterwards.
    pub stage: String,
    /// When it was written (RFC 3339).
    pub at: String,
    /// How long the call took, in milliseconds; only in its last event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
    /// The caller.
    pub actor: Actor,
    /// Where the request came from.
    pub source: Source,
    /// The action, as in the messages of the bridge.
    pub verb: String,
    /// What the action is about.
    pub object: Object,
    /// `pending`, `allowed`, `denied`, `succeeded`, `failed` or `unknown`.
    pub outcome: String,
    /// Why the call was denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The number of calls that this event stands for; 0 means 1. More than 1 only for denials in quick succession.
    pub count: u64,
    /// The ID of the request.
    #[serde(rename = "requestID", skip_serializing_if = "String::is_empty")]
    pub request_id: String,
    /// Its place in a trace (`traceparent`).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub trace_parent: String,
    /// The SHA-256 of the caller's idempotency key, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key_hash: Option<String>,
}

/// The caller.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Actor {
    /// Its name; empty for a caller without one.
    pub name: String,
    /// How it was identified: `anonymous`, `token`, `certificate`, `proxy` or `issuer`; `schedule` and `rule`
    /// are those of the bridge, `system` is the bridge itself.
    pub kind: String,
    /// The name that the settings give to the issuer of its token.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub issuer: String,
    /// The groups that the issuer names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Who has written the schedule or the rule that acts.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author: String,
}

/// Where a request came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Source {
    /// The address of the peer.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// The header `X-Forwarded-For`. Only what a trusted proxy added to it is true.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub forwarded_for: String,
    /// The header `User-Agent`, which can be any text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user_agent: String,
}

/// What an event is about. Parts that do not apply are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Object {
    /// The project.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub project: String,
    /// The composite app.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub composite_app: String,
    /// The version of the composite app.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The deployment intent group.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub deployment_intent_group: String,
    /// The workflow intent.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub intent: String,
    /// The revision of the intent, of the schedule or of the rule: the one that a change made, or that was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    /// The schedule of the intent.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub schedule: String,
    /// The rule of the project, or over all projects.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// The start record.
    #[serde(rename = "startID", skip_serializing_if = "String::is_empty")]
    pub start_id: String,
    /// The workflow.
    #[serde(rename = "workflowID", skip_serializing_if = "String::is_empty")]
    pub workflow_id: String,
    /// The run.
    #[serde(rename = "runID", skip_serializing_if = "String::is_empty")]
    pub run_id: String,
    /// The number of the last sealed batch of the audit that was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through_batch: Option<i64>,
    /// The alarm.
    #[serde(rename = "alarmID", skip_serializing_if = "String::is_empty")]
    pub alarm_id: String,
}

impl Object {
    /// Returns the names that lead to it, as in `proj1/capp1/v1/dig1/intent1`, and what is named there.
    #[must_use]
    pub fn path(&self) -> String {
        let above = [&self.project, &self.composite_app, &self.version, &self.deployment_intent_group];
        let names = above.into_iter().chain([&self.intent, &self.schedule, &self.rule, &self.alarm_id]);
        names.filter(|name| !name.is_empty()).map(String::as_str).collect::<Vec<_>>().join("/")
    }
}
