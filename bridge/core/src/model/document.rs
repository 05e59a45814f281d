//! Documents of the bridge's own, such as schedules: each with all its revisions.

use super::{Change, IntentKey, RevisionNumber};

/// The kinds of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// A schedule of an intent.
    Schedule,
    /// A rule about workflows.
    Rule,
}

impl DocumentKind {
    /// Returns its text in the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Rule => "rule",
        }
    }
}

/// Names a document.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocumentKey {
    /// Its kind.
    pub kind: DocumentKind,
    /// The path of what it belongs to, as in `proj1/capp1/v1/dig1/intent1`.
    pub parent: String,
    /// Its name among the documents of that.
    pub name: String,
}

impl DocumentKey {
    /// Returns the key of a schedule.
    #[must_use]
    pub fn schedule(intent: &IntentKey, name: &str) -> Self {
        Self { kind: DocumentKind::Schedule, parent: intent.to_string(), name: name.to_owned() }
    }
}

/// A revision of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentRevision {
    /// The change that made it.
    pub change: Change,
    /// The document as JSON; `None` if the revision is its deletion.
    pub json: Option<String>,
}

/// A document, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDocument {
    /// Its name.
    pub name: String,
    /// The number of the revision.
    pub revision: RevisionNumber,
    /// The document as JSON.
    pub json: String,
}
