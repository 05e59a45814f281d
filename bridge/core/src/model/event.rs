//! Events of the audit: who did what, when, from where, and how it ended.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use workflow_api::{DigKey, IntentKey};

/// An event of the audit. It has no bodies, tokens, parameters or payloads.
///
/// The fields are written in this order, as JSON. What is hashed is this text, so events that were written
/// before stay as they are when fields are added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The call. The two events of a call that leaves the bridge have the same ID.
    pub id: AuditId,
    /// Whether it was written before the call took effect, or afterwards.
    pub stage: Stage,
    /// When it was written.
    pub at: Timestamp,
    /// How long the call took, in milliseconds; only in its last event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
    /// The caller.
    pub actor: EventActor,
    /// Where the request came from.
    #[serde(default)]
    pub source: Source,
    /// The action, as in the messages of the bridge.
    pub verb: String,
    /// What the action is about.
    pub object: EventObject,
    /// How the call ended.
    pub outcome: EventOutcome,
    /// Why the call was denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The number of calls that this event stands for: more than 1 only for denials in quick succession.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub count: u64,
    /// The ID of the request.
    #[serde(default, rename = "requestID", skip_serializing_if = "String::is_empty")]
    pub request_id: String,
    /// Its place in a trace (`traceparent`).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trace_parent: String,
    /// The SHA-256 of the caller's idempotency key, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key_hash: Option<String>,
}

fn one() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_one(count: &u64) -> bool {
    *count == 1
}

impl Event {
    /// Returns an event about what the bridge did by itself.
    #[must_use]
    pub fn of_the_bridge(verb: &str, object: EventObject, at: Timestamp) -> Self {
        Self {
            id: AuditId::new(),
            stage: Stage::Complete,
            at,
            took_ms: None,
            actor: EventActor {
                name: "bridge".to_owned(),
                kind: "system".to_owned(),
                issuer: String::new(),
                groups: Vec::new(),
                author: String::new(),
            },
            source: Source::default(),
            verb: verb.to_owned(),
            object,
            outcome: EventOutcome::Succeeded,
            reason: None,
            count: 1,
            request_id: String::new(),
            trace_parent: String::new(),
            idempotency_key_hash: None,
        }
    }

    /// Returns the event as JSON: what is kept, and what is hashed.
    #[must_use]
    pub fn document(&self) -> String {
        // An event has text keys only, and its writer never fails.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Names a call in the audit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuditId(String);

impl AuditId {
    /// Creates a new ID. Later IDs are greater.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "each is another one")]
    pub fn new() -> Self {
        Self(Uuid::now_v7().to_string())
    }

    /// Returns it as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for AuditId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

/// When an event is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// Before the call leaves the bridge. Another event with the outcome follows.
    Received,
    /// When the outcome is known.
    Complete,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EventOutcome {
    /// It has not ended.
    Pending,
    /// It was allowed to read. What it read is not recorded.
    Allowed,
    /// It was not allowed.
    Denied,
    /// It succeeded.
    Succeeded,
    /// The caller got an error. After a timeout, the action may have been done nevertheless.
    Failed,
    /// It is not known what was done.
    Unknown,
}

impl EventOutcome {
    /// All outcomes.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Allowed, Self::Denied, Self::Succeeded, Self::Failed, Self::Unknown];

    /// Returns its text.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// The caller in an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventActor {
    /// Its name; empty for a caller without one.
    pub name: String,
    /// How it was identified: `anonymous`, `token`, `certificate`, `proxy` or `issuer`; `schedule` and `rule`
    /// are those of the bridge, `system` is the bridge itself.
    pub kind: String,
    /// The name that the settings give to the issuer of its token.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub issuer: String,
    /// The groups that the issuer names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Who has written the schedule or the rule that acts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub author: String,
}

/// Where a request came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// The address of the peer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// The header `X-Forwarded-For`. Only what a trusted proxy added to it is true.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub forwarded_for: String,
    /// The header `User-Agent`, which can be any text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user_agent: String,
}

/// What an event is about. Parts that do not apply are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventObject {
    /// The project.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub project: String,
    /// The composite app.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub composite_app: String,
    /// The version of the composite app.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The deployment intent group.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub deployment_intent_group: String,
    /// The workflow intent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub intent: String,
    /// The revision of the intent, of the schedule or of the rule: the one that a change made, or that was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    /// The schedule of the intent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub schedule: String,
    /// The rule of the project, or over all projects.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// The start record.
    #[serde(default, rename = "startID", skip_serializing_if = "String::is_empty")]
    pub start_id: String,
    /// The workflow.
    #[serde(default, rename = "workflowID", skip_serializing_if = "String::is_empty")]
    pub workflow_id: String,
    /// The run.
    #[serde(default, rename = "runID", skip_serializing_if = "String::is_empty")]
    pub run_id: String,
    /// The number of the last sealed batch of the audit that was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through_batch: Option<i64>,
    /// The alarm.
    #[serde(default, rename = "alarmID", skip_serializing_if = "String::is_empty")]
    pub alarm_id: String,
}

impl EventObject {
    /// Returns a group of intents.
    #[must_use]
    pub fn group(dig: &DigKey) -> Self {
        Self {
            project: dig.project.clone(),
            composite_app: dig.composite_app.clone(),
            version: dig.version.clone(),
            deployment_intent_group: dig.dig.clone(),
            ..Self::default()
        }
    }

    /// Returns an intent.
    #[must_use]
    pub fn intent(key: &IntentKey) -> Self {
        Self { intent: key.name.clone(), ..Self::group(&key.dig) }
    }

    /// Returns the names that lead to it, as in `proj1/capp1/v1/dig1/intent1`; empty for the bridge itself.
    #[must_use]
    pub fn path(&self) -> String {
        let names =
            [&self.project, &self.composite_app, &self.version, &self.deployment_intent_group, &self.intent];
        let names: Vec<_> =
            names.into_iter().map(String::as_str).take_while(|name| !name.is_empty()).collect();
        names.join("/")
    }
}
