//! The body of `POST …/cancel` (EMCO-API §1.7).

use serde::Serialize;

use crate::read::from_json;
use crate::{Metadata, Nanos, RawJson, RunReference};

/// A request to cancel or terminate a workflow.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CancelRequest {
    /// Of no meaning; emcoctl always sends it.
    pub metadata: Metadata,
    /// What to cancel, and how.
    pub spec: CancelSpec,
}

from_json!(CancelRequest { "metadata" => metadata, "spec" => spec });

/// What to cancel, and how. Every part may be left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CancelSpec {
    /// The run that is meant.
    #[serde(flatten)]
    pub run: RunReference,
    /// Whether to end it at once, without letting it clean up.
    pub terminate: bool,
    /// Why; Temporal keeps it in the history.
    pub reason: String,
    /// Details of a termination: any JSON.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<serde_json::Value>))]
    pub details: Vec<RawJson>,
    /// How long a run that is cancelled has, before it is terminated; zero for as long as it wants.
    #[serde(skip_serializing_if = "unset")]
    pub escalate_after: Nanos,
}

from_json!(CancelSpec {
    ..run,
    "terminate" => terminate,
    "reason" => reason,
    "details" => details,
    "escalateAfter" => escalate_after,
});

/// EMCO's request has no such field, so it is written only where it says something.
fn unset(duration: &Nanos) -> bool {
    duration.is_zero()
}
