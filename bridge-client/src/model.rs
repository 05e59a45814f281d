//! Responses and bodies that only the bridge's API has. The others are types of `workflow-api`.
//!
//! A type has the fields of this version; others are ignored. [`Answer::text`](crate::Answer::text) has them all.

mod alarms;
mod audit;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use workflow_api::{
    CatalogueEntry, ClientStanding, DigKey, Fault, RunId, Schedule, Started, TemporalSpec, WorkflowId,
    WorkflowIntent, WorkflowRule, WorkflowState,
};

pub use audit_seals::{Batch, SealedEvent};

pub use alarms::{AlarmPatch, Delivery, NewSubscription, StandardSubscription, Subscription};
pub use audit::{Actor, AuditEvent, Object, Source};

/// A deployment intent group that has intents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Group {
    /// The project.
    pub project: String,
    /// The composite app.
    pub composite_app: String,
    /// The version of the composite app.
    pub composite_app_version: String,
    /// The deployment intent group.
    pub deployment_intent_group: String,
}

impl From<Group> for DigKey {
    fn from(group: Group) -> Self {
        let Group { project, composite_app, composite_app_version, deployment_intent_group } = group;
        Self::new(project, composite_app, composite_app_version, deployment_intent_group)
    }
}

/// A change of an intent, a schedule or a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Change {
    /// The revision that the change made.
    pub revision: i64,
    /// `created`, `replaced`, `rolled_back` or `deleted`.
    pub action: String,
    /// The revision that was rolled back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rolled_back_to: Option<i64>,
    /// Who made the change.
    pub changed_by: String,
    /// When (RFC 3339).
    pub changed_at: String,
}

/// Declares the revision of a document: a change, and the document. The fields of the change are written out, because
/// serde's `flatten` would not keep the text of numbers.
macro_rules! revisions {
    ($($(#[$doc:meta])* $name:ident { $document:ident: $Document:ty })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name {
            /// The revision.
            pub revision: i64,
            /// `created`, `replaced`, `rolled_back` or `deleted`.
            pub action: String,
            /// The revision that was rolled back to.
            pub rolled_back_to: Option<i64>,
            /// Who made the change.
            pub changed_by: String,
            /// When (RFC 3339).
            pub changed_at: String,
            /// The document; absent if this revision is its deletion.
            pub $document: Option<$Document>,
        }
    )+};
}

revisions! {
    /// A revision of an intent.
    Revision { intent: WorkflowIntent }
    /// A revision of a schedule.
    ScheduleRevision { schedule: Schedule }
    /// A revision of a rule.
    RuleRevision { rule: WorkflowRule }
}

/// Whether a workflow client accepts an intent.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Check {
    /// Whether it does.
    pub standing: ClientStanding,
    /// The faults that it would reject, by path in the intent.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// Why that is not known.
    #[serde(default)]
    pub reason: Option<String>,
    /// What the client declares.
    #[serde(default)]
    pub client: Option<CatalogueEntry>,
}

/// A start of an intent, and the state of its run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Run {
    /// The ID of the start.
    #[serde(rename = "startID")]
    pub start_id: String,
    /// The number of this start among those of the intent, from 1.
    pub number: i64,
    /// The workflow.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// The workflow ID that was asked for, if the workflow client started another workflow.
    #[serde(rename = "requestedWorkflowID", skip_serializing_if = "Option::is_none")]
    pub requested_workflow_id: Option<WorkflowId>,
    /// The run.
    #[serde(rename = "runID", skip_serializing_if = "Option::is_none")]
    pub run_id: Option<RunId>,
    /// When the start was asked for (RFC 3339).
    pub started_at: String,
    /// Who asked for it.
    pub started_by: String,
    /// The revision of the intent.
    pub revision: i64,
    /// The key of the start.
    pub idempotency_key: String,
    /// `starting`, `started`, `not_started` or `unknown`.
    pub outcome: String,
    /// Why the outcome is not `started`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether the workflow was running before.
    pub already_running: bool,
    /// The run that continues the work of `run_id` now.
    #[serde(rename = "currentRunID", skip_serializing_if = "Option::is_none")]
    pub current_run_id: Option<RunId>,
    /// The state of the current run now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_state: Option<WorkflowState>,
    /// Why the state is absent, in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_state_error: Option<String>,
    /// Related resources.
    pub links: RunLinks,
}

/// Paths of what is related to a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RunLinks {
    /// This run.
    #[serde(rename = "self")]
    pub itself: String,
    /// The status of the workflow.
    pub status: String,
    /// Where to cancel it.
    pub cancel: String,
    /// The run in Temporal's own pages.
    #[serde(rename = "temporalUI", skip_serializing_if = "Option::is_none")]
    pub temporal_ui: Option<String>,
}

/// The response to a start: what was started; or, of a dry run, the request that the workflow client would get.
#[derive(Debug, Clone, PartialEq)]
pub enum StartAnswer {
    /// What was started.
    Started(Started),
    /// What would be sent.
    Preview(Box<StartPreview>),
}

/// The request that a start would send to the workflow client.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StartPreview {
    /// Always `POST`.
    pub method: String,
    /// Its URL.
    pub url: String,
    /// Its body.
    pub body: TemporalSpec,
}

/// By hand: an untagged enum of serde would not keep the text of numbers.
impl<'de> Deserialize<'de> for StartAnswer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <Box<RawValue>>::deserialize(deserializer)?;
        let started = serde_json::from_str(json.get()).map(Self::Started);
        started
            .or_else(|_not_started| serde_json::from_str(json.get()).map(Self::Preview))
            .map_err(serde::de::Error::custom)
    }
}

/// Who the caller is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    /// The name; empty for an anonymous caller.
    pub name: String,
    /// `anonymous`, `token`, `certificate`, `proxy` or `issuer`.
    pub kind: String,
    /// The name that the settings give to the issuer.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub issuer: String,
    /// The groups that the issuer names.
    pub groups: Vec<String>,
    /// When the session of a browser ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// What the caller may do: all verbs, or the one that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Rights {
    /// The one.
    One(Right),
    /// All.
    All(Vec<Right>),
}

impl Rights {
    /// Returns them as a list.
    #[must_use]
    pub fn list(&self) -> &[Right] {
        match self {
            Self::One(right) => std::slice::from_ref(right),
            Self::All(rights) => rights,
        }
    }
}

/// Whether the caller may do something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Right {
    /// The verb.
    pub verb: String,
    /// Whether it is allowed now.
    pub allowed: bool,
    /// What allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Ground>,
    /// The nearest reason why it is denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What allows something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// The name of the binding.
    pub binding: String,
    /// The role that the binding gives.
    pub role: String,
}
