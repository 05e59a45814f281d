//! Storage of intents: every revision of each.

use async_trait::async_trait;

use super::StoreError;
use crate::access::Visible;
use crate::model::{Change, DigKey, Event, IntentKey, KeptIntent, Revision, RevisionNumber};

/// Stores intents.
#[async_trait]
pub trait IntentStore {
    /// Returns the latest revision of an intent, which may be its deletion; `None` if the intent never
    /// existed.
    async fn latest_revision(&self, key: &IntentKey) -> Result<Option<Revision>, StoreError>;

    /// Adds a revision, unless its number is taken. Returns whether it was added. Of several concurrent
    /// calls, one succeeds. Writes `event` in the same transaction, if the revision was added.
    async fn add_revision(
        &self,
        key: &IntentKey,
        revision: &Revision,
        event: Option<&Event>,
    ) -> Result<bool, StoreError>;

    /// Returns at most `limit` intents of a group whose names come after `after`, ordered by the bytes of
    /// their names. Those that are not among `visible` may be left out.
    async fn intents(
        &self,
        dig: &DigKey,
        visible: &Visible,
        after: &str,
        limit: u32,
    ) -> Result<Vec<KeptIntent>, StoreError>;

    /// Returns at most `limit` groups that have intents, of all projects or of one, that come after `after`,
    /// ordered by their names.
    async fn groups(
        &self,
        project: Option<&str>,
        after: Option<&DigKey>,
        limit: u32,
    ) -> Result<Vec<DigKey>, StoreError>;

    /// Returns one revision of an intent.
    async fn revision(&self, key: &IntentKey, number: RevisionNumber)
    -> Result<Option<Revision>, StoreError>;

    /// Returns at most `limit` changes of an intent, newest first, and only those before `before`, if given.
    async fn changes(
        &self,
        key: &IntentKey,
        before: Option<RevisionNumber>,
        limit: u32,
    ) -> Result<Vec<Change>, StoreError>;
}
