//! The start record: intent, key and outcome of a start.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;
use workflow_api::{RunId, WorkflowId};

use super::IntentKey;

/// The ID of a start record. The bridge makes it before the engine makes a run ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StartId(Uuid);

impl StartId {
    /// Creates a new ID. Later IDs are greater.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for StartId {
    fn default() -> Self {
        Self::new()
    }
}

impl FromStr for StartId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

impl fmt::Display for StartId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A start record. It is kept when its intent is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartRecord {
    /// The ID of this record.
    pub id: StartId,
    /// The intent that was started.
    pub intent: IntentKey,
    /// The number among the starts of the intent, from 1; 0 before the start is recorded.
    pub number: i64,
    /// The revision of the intent that was started.
    pub revision: i64,
    /// The workflow: first the ID that the client is asked for, then the one that it started. When the start
    /// is recorded, [`RUN_NUMBER`](crate::model::RUN_NUMBER) in it is replaced by the number.
    pub workflow_id: WorkflowId,
    /// The workflow ID that the client was asked for, if it started another one.
    pub requested_id: Option<WorkflowId>,
    /// Identifies repeats of this start.
    pub key: StartKey,
    /// Who requested it; empty if the caller had no name.
    pub started_by: String,
    /// When the start was requested: just before the workflow client was called.
    pub requested_at: Timestamp,
    /// How many times a process began or took over the start. Only the last process may settle it.
    pub attempt: i64,
    /// Its outcome.
    pub outcome: Outcome,
}

/// Identifies repeats of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartKey {
    /// The key that the workflow client gets: the caller's `Idempotency-Key`, or the start's own ID.
    pub text: String,
    /// The hash of the request with a caller's key. Another request with the same key is rejected.
    pub fingerprint: Option<String>,
}

/// The outcome of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The workflow client has not responded yet, or the bridge ended before the response.
    Starting,
    /// The workflow client accepted it.
    Started {
        /// The run; `None` if neither the client nor the engine reported it.
        run_id: Option<RunId>,
        /// Whether it was running before, so that no new run was started.
        already_running: bool,
        /// When the bridge got to know it.
        at: Timestamp,
    },
    /// Nothing was started.
    NotStarted {
        /// The reason.
        reason: String,
        /// When the bridge got to know it.
        at: Timestamp,
    },
    /// It is not known whether something was started.
    Unknown {
        /// The reason.
        reason: String,
        /// When the bridge gave up.
        at: Timestamp,
    },
}

impl Outcome {
    /// Returns the run, if the start has led to one whose ID is known.
    pub fn run_id(&self) -> Option<&RunId> {
        match self {
            Self::Started { run_id, .. } => run_id.as_ref(),
            Self::Starting | Self::NotStarted { .. } | Self::Unknown { .. } => None,
        }
    }

    /// Returns its text in the store, in responses and in metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Started { .. } => "started",
            Self::NotStarted { .. } => "not_started",
            Self::Unknown { .. } => "unknown",
        }
    }
}
