//! The bodies of the verbs: cancel (EMCO-API §1.7), rollback, which EMCO has for deployment intent groups (EMCO-API
//! §6.5), and those that EMCO does not have, in its manner.

use crate::read::{object, request};
use crate::{Namespace, Nanos, RawJson, RunId, WorkflowId};

object! {
    /// Names the run that a request is about. Each part is optional.
    pub struct RunReference {
        /// Temporal's address (`host:port`). Empty: the configured one.
        "temporalServer" => temporal_server: String,
        /// The namespace. Empty: the configured one.
        #[serde(skip_serializing_if = "Namespace::is_empty")]
        "namespace" => namespace: Namespace,
        /// The workflow ID. Empty: that of the intent.
        "workflowID" => workflow_id: WorkflowId,
        /// The run ID. Empty: the latest run.
        "runID" => run_id: RunId,
    }
}

impl RunReference {
    /// Returns this reference, with the parts that it leaves empty taken from `other`.
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

request! {
    /// A request to cancel or terminate a workflow.
    CancelRequest(CancelSpec)
}

object! {
    /// What to cancel, and how. Each part is optional.
    pub struct CancelSpec {
        ..run: RunReference,
        /// Whether to end the run at once, without letting it clean up.
        "terminate" => terminate: bool,
        /// Why. Temporal keeps it in the history.
        "reason" => reason: String,
        /// Details of a termination: any JSON.
        #[cfg_attr(feature = "openapi", schema(value_type = Vec<serde_json::Value>))]
        "details" => details: Vec<RawJson>,
        /// How long a cancelled run has before it is terminated. Zero: as long as it needs.
        // EMCO's request has no such field, so it is written only where it is set.
        #[serde(skip_serializing_if = "Nanos::is_zero")]
        "escalateAfter" => escalate_after: Nanos,
    }
}

request! {
    /// A request to send a signal to a workflow.
    SignalRequest(SignalSpec)
}

object! {
    /// The signal.
    pub struct SignalSpec {
        ..run: RunReference,
        /// The name of the signal; required.
        "name" => name: String,
        /// Its arguments, in order.
        #[cfg_attr(feature = "openapi", schema(value_type = Vec<serde_json::Value>))]
        "args" => args: Vec<RawJson>,
    }
}

request! {
    /// A request to query a workflow.
    QueryRequest(QuerySpec)
}

object! {
    /// The query.
    pub struct QuerySpec {
        ..run: RunReference,
        /// The type of the query; required.
        "type" => query_type: String,
        /// Its arguments, in order.
        #[cfg_attr(feature = "openapi", schema(value_type = Vec<serde_json::Value>))]
        "args" => args: Vec<RawJson>,
    }
}

request! {
    /// A request to update a workflow.
    UpdateRequest(UpdateSpec)
}

object! {
    /// The update.
    pub struct UpdateSpec {
        ..run: RunReference,
        /// The name of the update; required.
        "name" => name: String,
        /// Its arguments, in order.
        #[cfg_attr(feature = "openapi", schema(value_type = Vec<serde_json::Value>))]
        "args" => args: Vec<RawJson>,
        /// Identifies the update: repeats under one ID are one update. Empty: the `Idempotency-Key`, or else a new ID.
        "updateID" => update_id: String,
    }
}

request! {
    /// A request to end a workflow at once.
    TerminateRequest(TerminateSpec)
}

object! {
    /// What to end, and why.
    pub struct TerminateSpec {
        ..run: RunReference,
        /// Why. Temporal keeps it in the history.
        "reason" => reason: String,
        /// Details for the history: any JSON.
        #[cfg_attr(feature = "openapi", schema(value_type = Vec<serde_json::Value>))]
        "details" => details: Vec<RawJson>,
    }
}

request! {
    /// A request to pause a workflow, or to let a paused one continue.
    PauseRequest(PauseSpec)
}

object! {
    /// The run, and the reason.
    pub struct PauseSpec {
        ..run: RunReference,
        /// The reason; kept in Temporal's history.
        "reason" => reason: String,
    }
}

request! {
    /// A request to run a workflow again from a point of its history.
    ResetRequest(ResetSpec)
}

object! {
    /// From where to run again, and why. Exactly one of `to` and `eventID` is required.
    pub struct ResetSpec {
        ..run: RunReference,
        /// `FirstWorkflowTask` or `LastWorkflowTask`.
        "to" => to: String,
        /// The event that ended a workflow task (completed, failed or timed out). What came after it runs again.
        "eventID" => event_id: i64,
        /// Why. Temporal keeps it in the history.
        "reason" => reason: String,
    }
}

request! {
    /// A request to take an earlier revision of an intent again.
    RollbackRequest(RollbackSpec)
}

object! {
    /// Which revision to take again.
    pub struct RollbackSpec {
        /// The revision. EMCO's callers write it as text; others may write a number.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        "revision" => revision: Option<RawJson>,
    }
}
