//! The record of a start: which intent, under which key, and what came of it.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;
use workflow_api::{RunId, WorkflowId};

use crate::intent::IntentKey;

/// Names the record of one start; the bridge makes it, before Temporal has made a run ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StartId(Uuid);

impl StartId {
    /// A new one; later ones are greater.
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

/// The record of one start. It outlives its intent: it says what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Names this record.
    pub id: StartId,
    /// The intent that was started.
    pub intent: IntentKey,
    /// Which start of the intent it is, counted from 1; 0 before it is on record.
    pub number: i64,
    /// The revision of the intent that was started.
    pub revision: i64,
    /// The workflow ID that the client is told. [`RUN_NUMBER`] in it becomes the number when it is put on record.
    pub workflow_id: WorkflowId,
    /// What makes a repeated start the same start.
    pub key: StartKey,
    /// Who asked for it; empty where nobody said.
    pub started_by: String,
    /// When the start was asked for: just before the workflow client was called.
    pub requested_at: Timestamp,
    /// How often somebody set about it: a start is settled only by whoever set about it last.
    pub attempt: i64,
    /// What came of it.
    pub outcome: Outcome,
}

pub use workflow_api::template::RUN_NUMBER;

/// What makes a repeated start the same start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartKey {
    /// What the workflow client is given: the caller's `Idempotency-Key`, or the start's own ID.
    pub text: String,
    /// What the caller's request was, where the key is the caller's: another request must not come under it.
    pub fingerprint: Option<String>,
}

/// What came of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The workflow client has not answered yet, or the bridge ended before it heard the answer.
    Starting,
    /// The workflow client accepted it.
    Started {
        /// The run; `None` where neither the client nor Temporal told it.
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
    /// Nobody can say whether something was started.
    Unknown {
        /// Why.
        reason: String,
        /// When the bridge gave up.
        at: Timestamp,
    },
}

impl Outcome {
    /// The word for this outcome, in the store, in answers and in metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Started { .. } => "started",
            Self::NotStarted { .. } => "not_started",
            Self::Unknown { .. } => "unknown",
        }
    }
}
