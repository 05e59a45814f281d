//! What became of an intent: its changes, and the states that they led to.

use crate::app::App;
use crate::intent::{Change, IntentKey, Revision, RevisionNumber};
use crate::storage::StoreError;

/// Why there is no history.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// There never was such an intent.
    #[error("there never was a workflow intent `{0}`")]
    NoSuchIntent(IntentKey),
    /// There is no such revision.
    #[error("workflow intent `{intent}` has no revision `{revision}`")]
    NoSuchRevision {
        /// The intent.
        intent: IntentKey,
        /// What the caller named.
        revision: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes of an intent, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangePage {
    /// The changes.
    pub changes: Vec<Change>,
    /// Where the next page begins: after this one. `None` on the last page.
    pub next: Option<RevisionNumber>,
}

impl App {
    /// The changes of an intent, newest first, also of one that was deleted: those before `before`, where it is given.
    ///
    /// # Errors
    /// When there never was such an intent, or the database fails.
    pub async fn intent_changes(
        &self,
        key: &IntentKey,
        before: Option<RevisionNumber>,
        limit: u32,
    ) -> Result<ChangePage, HistoryError> {
        if !key.is_sound() {
            return Err(HistoryError::NoSuchIntent(key.clone()));
        }
        // One more than is wanted tells whether there is more.
        let mut changes = self.store.changes(key, before, limit.saturating_add(1)).await?;
        if changes.is_empty() && before.is_none() {
            return Err(HistoryError::NoSuchIntent(key.clone()));
        }
        let more = changes.len() > limit as usize;
        changes.truncate(limit as usize);
        let next = changes.last().filter(|_| more).map(|change| change.revision);
        Ok(ChangePage { changes, next })
    }

    /// One state that an intent was in.
    ///
    /// # Errors
    /// When there is none of this number, or the database fails.
    pub async fn intent_revision(&self, key: &IntentKey, number: &str) -> Result<Revision, HistoryError> {
        let found = match number.parse() {
            Ok(number) if key.is_sound() => self.store.revision(key, number).await?,
            _ => None,
        };
        let none = || HistoryError::NoSuchRevision { intent: key.clone(), revision: number.to_owned() };
        found.ok_or_else(none)
    }
}
