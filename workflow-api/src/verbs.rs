//! The bodies of the verbs that EMCO does not have: signal, query, update, terminate, reset; in EMCO's manner.

use serde::Serialize;

use crate::read::from_json;
use crate::{Metadata, Namespace, RawJson, RunId, WorkflowId};

/// Names the run that a request is about. Every part may be left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RunReference {
    /// Temporal's address (`host:port`); empty for the configured one.
    pub temporal_server: String,
    /// The namespace; empty for the configured one.
    #[serde(skip_serializing_if = "Namespace::is_empty")]
    pub namespace: Namespace,
    /// The workflow; empty for the intent's own.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// The run; empty for the latest.
    #[serde(rename = "runID")]
    pub run_id: RunId,
}

impl RunReference {
    /// This, with what it leaves open as `other` says.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            temporal_server: if self.temporal_server.is_empty() {
                other.temporal_server
            } else {
                self.temporal_server
            },
            namespace: if self.namespace.is_empty() { other.namespace } else { self.namespace },
            workflow_id: if self.workflow_id.is_empty() { other.workflow_id } else { self.workflow_id },
            run_id: if self.run_id.is_empty() { other.run_id } else { self.run_id },
        }
    }
}

from_json!(RunReference {
    "temporalServer" => temporal_server,
    "namespace" => namespace,
    "workflowID" => workflow_id,
    "runID" => run_id,
});

/// A request: metadata of no meaning, which emcoctl always sends, and what is wanted.
macro_rules! request {
    ($(#[doc = $doc:literal])+ $request:ident($spec:ident)) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Default, PartialEq, Serialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $request {
            /// Of no meaning; emcoctl always sends it.
            pub metadata: Metadata,
            /// What is wanted.
            pub spec: $spec,
        }

        from_json!($request { "metadata" => metadata, "spec" => spec });
    };
}

request! {
    /// A request to send a signal to a workflow.
    SignalRequest(SignalSpec)
}

/// The signal.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignalSpec {
    /// The run that is meant.
    #[serde(flatten)]
    pub run: RunReference,
    /// The name of the signal; must be given.
    pub name: String,
    /// Its arguments, in order.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<serde_json::Value>))]
    pub args: Vec<RawJson>,
}

from_json!(SignalSpec { ..run, "name" => name, "args" => args });

request! {
    /// A request to ask a workflow.
    QueryRequest(QuerySpec)
}

/// The question.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuerySpec {
    /// The run that is meant.
    #[serde(flatten)]
    pub run: RunReference,
    /// The type of the query; must be given.
    #[serde(rename = "type")]
    pub query_type: String,
    /// Its arguments, in order.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<serde_json::Value>))]
    pub args: Vec<RawJson>,
}

from_json!(QuerySpec { ..run, "type" => query_type, "args" => args });

request! {
    /// A request to update a workflow.
    UpdateRequest(UpdateSpec)
}

/// The update.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateSpec {
    /// The run that is meant.
    #[serde(flatten)]
    pub run: RunReference,
    /// The name of the update; must be given.
    pub name: String,
    /// Its arguments, in order.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<serde_json::Value>))]
    pub args: Vec<RawJson>,
    /// Tells one update from another: repeats under one ID are one update. Empty for the `Idempotency-Key`, else for a new one.
    #[serde(rename = "updateID")]
    pub update_id: String,
}

from_json!(UpdateSpec { ..run, "name" => name, "args" => args, "updateID" => update_id });

request! {
    /// A request to end a workflow at once.
    TerminateRequest(TerminateSpec)
}

/// What to end, and why.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TerminateSpec {
    /// The run that is meant.
    #[serde(flatten)]
    pub run: RunReference,
    /// Why; Temporal keeps it in the history.
    pub reason: String,
    /// Details for the history: any JSON.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<serde_json::Value>))]
    pub details: Vec<RawJson>,
}

from_json!(TerminateSpec { ..run, "reason" => reason, "details" => details });

request! {
    /// A request to run a workflow again from a point of its history.
    ResetRequest(ResetSpec)
}

/// From where to run again, and why. Exactly one of `to` and `eventID` must be given.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResetSpec {
    /// The run that is meant.
    #[serde(flatten)]
    pub run: RunReference,
    /// `FirstWorkflowTask` or `LastWorkflowTask`.
    pub to: String,
    /// The event that ended a workflow task (completed, failed or timed out): what came after it is run again.
    #[serde(rename = "eventID")]
    pub event_id: i64,
    /// Why; Temporal keeps it in the history.
    pub reason: String,
}

from_json!(ResetSpec { ..run, "to" => to, "eventID" => event_id, "reason" => reason });
