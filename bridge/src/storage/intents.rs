//! What is kept of intents: every state that each was in.

use async_trait::async_trait;

use super::StoreError;
use crate::intent::{Change, DigKey, IntentKey, KeptIntent, Revision, RevisionNumber};

/// Keeps intents.
#[async_trait]
pub trait IntentStore {
    /// The state that an intent is in, also when that is deleted; `None` where there never was one.
    async fn latest_revision(&self, key: &IntentKey) -> Result<Option<Revision>, StoreError>;

    /// Keeps a new state of an intent, unless its number is taken; says whether it did. Of several at once, one succeeds.
    async fn add_revision(&self, key: &IntentKey, revision: &Revision) -> Result<bool, StoreError>;

    /// The intents of a group whose names come after `after`, ordered by name, byte by byte; no more than `limit`.
    async fn intents(&self, dig: &DigKey, after: &str, limit: u32) -> Result<Vec<KeptIntent>, StoreError>;

    /// One state that an intent was in.
    async fn revision(&self, key: &IntentKey, number: RevisionNumber)
    -> Result<Option<Revision>, StoreError>;

    /// The changes that an intent went through, newest first: those before `before`, where it is given; no more than `limit`.
    async fn changes(
        &self,
        key: &IntentKey,
        before: Option<RevisionNumber>,
        limit: u32,
    ) -> Result<Vec<Change>, StoreError>;
}
