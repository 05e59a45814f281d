//! How an intent changed: each state it was in, who made it so, and when.

use std::fmt;

use jiff::Timestamp;
use workflow_api::WorkflowIntent;

/// Numbers the states of an intent, from 1. Deleting is a change too, so a number never comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RevisionNumber(i64);

impl RevisionNumber {
    /// The first one.
    pub const FIRST: Self = Self(1);

    /// The one after this.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The number itself.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl From<i64> for RevisionNumber {
    fn from(number: i64) -> Self {
        Self(number)
    }
}

impl std::str::FromStr for RevisionNumber {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for RevisionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An intent, and how often it was changed.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptIntent {
    /// The state it is in.
    pub revision: RevisionNumber,
    /// The intent.
    pub intent: WorkflowIntent,
}

/// One change of an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The state that it led to.
    pub revision: RevisionNumber,
    /// What was done.
    pub action: Action,
    /// Who did it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What a change was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The intent came to be, also where there had been one of its name before.
    Created,
    /// Another document took its place.
    Replaced,
    /// The document of an earlier revision took its place.
    RolledBack {
        /// That revision.
        to: RevisionNumber,
    },
    /// The intent was deleted.
    Deleted,
}

impl Action {
    /// The word for it, in the store and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Replaced => "replaced",
            Self::RolledBack { .. } => "rolled_back",
            Self::Deleted => "deleted",
        }
    }

    /// The revision whose document was taken again.
    pub fn rolled_back_to(self) -> Option<RevisionNumber> {
        match self {
            Self::RolledBack { to } => Some(to),
            Self::Created | Self::Replaced | Self::Deleted => None,
        }
    }
}

/// A state of an intent.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// What led to it.
    pub change: Change,
    /// The intent; `None` once it was deleted.
    pub intent: Option<WorkflowIntent>,
}

impl Revision {
    /// The intent, where it was not deleted.
    pub fn into_kept(self) -> Option<KeptIntent> {
        let revision = self.change.revision;
        self.intent.map(|intent| KeptIntent { revision, intent })
    }
}
