//! The record of a start: which intent, under which key, and its outcome.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;
use workflow_api::{RunId, WorkflowId};

use super::IntentKey;

/// The ID of the record of a start. The bridge makes it, before the engine makes a run ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StartId(Uuid);

impl StartId {
    /// Makes a new ID; later ones are greater.
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

/// The record of a start. It stays when its intent is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartRecord {
    /// The ID of this record.
    pub id: StartId,
    /// The intent that was started.
    pub intent: IntentKey,
    /// The number among the starts of the intent, from 1; 0 before it is on record.
    pub number: i64,
    /// The revision of the intent that was started.
    pub revision: i64,
    /// The workflow ID that the client is given. [`RUN_NUMBER`](crate::model::RUN_NUMBER) in it is replaced by the number when it is put on
    /// record.
    pub workflow_id: WorkflowId,
    /// What makes a repeated start the same start.
    pub key: StartKey,
    /// Who asked for it; empty where the caller had no name.
    pub started_by: String,
    /// When the start was asked for: just before the workflow client was called.
    pub requested_at: Timestamp,
    /// How many times somebody took the start up. Only the last one of them may settle it.
    pub attempt: i64,
    /// Its outcome.
    pub outcome: Outcome,
}

/// What makes a repeated start the same start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartKey {
    /// What the workflow client is given: the caller's `Idempotency-Key`, or the start's own ID.
    pub text: String,
    /// The hash of the request under a caller's key. Another request under the same key is refused.
    pub fingerprint: Option<String>,
}

/// The outcome of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The workflow client has not answered yet, or the bridge ended before it heard the answer.
    Starting,
    /// The workflow client accepted it.
    Started {
        /// The run; `None` where neither the client nor the engine reported it.
        run_id: Option<RunId>,
        /// Whether it was running before, so that nothing new was started.
        already_running: bool,
        /// When the bridge learned of it.
        at: Timestamp,
    },
    /// Nothing was started.
    NotStarted {
        /// Why.
        reason: String,
        /// When the bridge learned of it.
        at: Timestamp,
    },
    /// Nobody knows whether something was started.
    Unknown {
        /// Why.
        reason: String,
        /// When the bridge gave up.
        at: Timestamp,
    },
}

impl Outcome {
    /// Returns the word for this outcome in the store, in responses and in metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Started { .. } => "started",
            Self::NotStarted { .. } => "not_started",
            Self::Unknown { .. } => "unknown",
        }
    }
}
