//! Storage of documents of the bridge's own.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::model::{
    Change, DocumentKey, DocumentKind, DocumentRevision, Event, KeptDocument, RevisionNumber,
};

/// Stores documents, each with all its revisions, and notes which revision the engine has.
#[async_trait]
pub trait DocumentStore {
    /// Returns the latest revision of a document, which may be its deletion; `None` if it never existed.
    async fn latest_document(&self, key: &DocumentKey) -> Result<Option<DocumentRevision>, StoreError>;

    /// Adds a revision, unless its number is taken. Returns whether it was added. Of several concurrent
    /// calls, one succeeds. Writes `event` in the same transaction, if the revision was added.
    async fn add_document(
        &self,
        key: &DocumentKey,
        revision: &DocumentRevision,
        event: &Event,
    ) -> Result<bool, StoreError>;

    /// Returns at most `limit` documents of a parent whose names come after `after`, ordered by the bytes of
    /// their names.
    async fn documents(
        &self,
        kind: DocumentKind,
        parent: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<KeptDocument>, StoreError>;

    /// Returns one revision of a document.
    async fn document_revision(
        &self,
        key: &DocumentKey,
        number: RevisionNumber,
    ) -> Result<Option<DocumentRevision>, StoreError>;

    /// Returns at most `limit` changes of a document, newest first, and only those before `before`, if given.
    async fn document_changes(
        &self,
        key: &DocumentKey,
        before: Option<RevisionNumber>,
        limit: u32,
    ) -> Result<Vec<Change>, StoreError>;

    /// Returns the parents of all documents of this kind.
    async fn document_parents(&self, kind: DocumentKind) -> Result<Vec<String>, StoreError>;

    /// Returns whether there is a document of this kind.
    async fn has_documents(&self, kind: DocumentKind) -> Result<bool, StoreError>;

    /// Returns at most `limit` documents, deleted ones too, whose latest revision the engine does not have.
    async fn unapplied(&self, kind: DocumentKind, limit: u32) -> Result<Vec<DocumentKey>, StoreError>;

    /// Notes that the engine has this revision. Does nothing if there is a later one.
    async fn applied(&self, key: &DocumentKey, revision: RevisionNumber) -> Result<(), StoreError>;

    /// Notes that the engine must be brought up to date about all documents of a parent.
    async fn apply_again(&self, kind: DocumentKind, parent: &str) -> Result<(), StoreError>;

    /// Holds a document for this time, unless another call holds it. Returns whether it is held now.
    async fn hold(&self, key: &DocumentKey, lease: Duration) -> Result<bool, StoreError>;

    /// Ends the hold of a document.
    async fn release(&self, key: &DocumentKey) -> Result<(), StoreError>;

    /// Returns the moment, in whole seconds, that stands for a caller's key. It is `now`, or the next second that
    /// stands for no other key of this document. Keys are forgotten after a week.
    async fn moment_of(&self, key: &DocumentKey, word: &str, now: Timestamp)
    -> Result<Timestamp, StoreError>;
}
