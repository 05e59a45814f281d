//! The revisions of an intent: each state that it was in, who made the change, and when.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use workflow_api::WorkflowIntent;

/// The number of a revision of an intent or a document, from 1. A deletion is a revision too, so a number is never
/// used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RevisionNumber(i64);

impl RevisionNumber {
    /// The number of the first revision.
    pub const FIRST: Self = Self(1);

    /// Returns the number of the next revision.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Returns the number.
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

/// An intent and its revision number.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptIntent {
    /// The number of the revision.
    pub revision: RevisionNumber,
    /// The intent.
    pub intent: Arc<WorkflowIntent>,
}

/// One change of an intent or a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The revision that it made.
    pub revision: RevisionNumber,
    /// The kind of change.
    pub kind: ChangeKind,
    /// Who made it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// The kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// The intent was created, possibly after an earlier one of this name was deleted.
    Created,
    /// Another document replaced it.
    Replaced,
    /// The document of an earlier revision replaced it.
    RolledBack {
        /// The number of that revision.
        to: RevisionNumber,
    },
    /// The intent was deleted.
    Deleted,
}

impl ChangeKind {
    /// Returns its text in the store and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Replaced => "replaced",
            Self::RolledBack { .. } => "rolled_back",
            Self::Deleted => "deleted",
        }
    }

    /// Returns the revision that was rolled back to.
    pub fn rolled_back_to(self) -> Option<RevisionNumber> {
        match self {
            Self::RolledBack { to } => Some(to),
            Self::Created | Self::Replaced | Self::Deleted => None,
        }
    }
}

/// A page of changes, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangePage {
    /// The changes.
    pub changes: Vec<Change>,
    /// The last revision on this page; the next page begins after it. `None` on the last page.
    pub next: Option<RevisionNumber>,
}

impl ChangePage {
    /// Makes a page of at most `limit` changes. If there is one more, there is a next page.
    pub(crate) fn new(mut changes: Vec<Change>, limit: u32) -> Self {
        let more = changes.len() > limit as usize;
        changes.truncate(limit as usize);
        let next = changes.last().filter(|_| more).map(|change| change.revision);
        Self { changes, next }
    }
}

/// A revision of an intent.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// The change that made it.
    pub change: Change,
    /// The intent; `None` if the revision is its deletion.
    pub intent: Option<Arc<WorkflowIntent>>,
}

impl Revision {
    /// Returns the intent; `None` if the revision is its deletion.
    pub fn into_kept(self) -> Option<KeptIntent> {
        let revision = self.change.revision;
        self.intent.map(|intent| KeptIntent { revision, intent })
    }
}
