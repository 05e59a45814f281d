//! What decisions and observations are about.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Facts;
use crate::model::{IntentKey, StartId};

/// Names what a decision is about: an intent, or the start of one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubjectId(pub String);

impl SubjectId {
    /// Returns the ID of an intent, or of a start.
    #[must_use]
    pub fn new(intent: &IntentKey, start: Option<StartId>) -> Self {
        Self(start.map_or_else(|| intent.to_string(), |start| start.to_string()))
    }
}

/// What was seen at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// What it is about.
    pub subject: SubjectId,
    /// The intent.
    pub intent: IntentKey,
    /// When it was seen.
    pub at: Timestamp,
    /// What was seen.
    pub facts: Facts,
}
