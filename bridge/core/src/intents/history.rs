//! The revisions of an intent.

use super::Intents;
use crate::access::{Action, Denied, Resource};
use crate::model::{Change, IntentKey, Revision, RevisionNumber};
use crate::ports::StoreError;
use crate::request::Request;

/// Why revisions cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The caller may not see them.
    #[error(transparent)]
    Denied(#[from] Denied),
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

impl Intents {
    /// Returns at most `limit` changes of an intent, newest first, also of one that was deleted; only those before `before`, where
    /// it is given.
    ///
    /// # Errors
    /// When there never was such an intent, or the database fails.
    pub async fn changes(
        &self,
        request: &Request,
        key: &IntentKey,
        before: Option<RevisionNumber>,
        limit: u32,
    ) -> Result<ChangePage, HistoryError> {
        self.parts.access.authorize(request, Action::ListChanges, Resource::Intent(key)).await?;
        if !key.is_sound() {
            return Err(HistoryError::NoSuchIntent(key.clone()));
        }
        // One more than is wanted shows whether there is a next page.
        let mut changes = self.parts.store.changes(key, before, limit.saturating_add(1)).await?;
        if changes.is_empty() && before.is_none() {
            return Err(HistoryError::NoSuchIntent(key.clone()));
        }
        let more = changes.len() > limit as usize;
        changes.truncate(limit as usize);
        let next = changes.last().filter(|_| more).map(|change| change.revision);
        Ok(ChangePage { changes, next })
    }

    /// Returns one revision of an intent. `number` is as the caller wrote it.
    ///
    /// # Errors
    /// When there is none of this number, or the database fails.
    pub async fn revision(
        &self,
        request: &Request,
        key: &IntentKey,
        number: &str,
    ) -> Result<Revision, HistoryError> {
        self.parts.access.authorize(request, Action::GetRevision, Resource::Intent(key)).await?;
        let found = match number.parse() {
            Ok(number) if key.is_sound() => self.parts.store.revision(key, number).await?,
            _ => None,
        };
        let none = || HistoryError::NoSuchRevision { intent: key.clone(), revision: number.to_owned() };
        found.ok_or_else(none)
    }
}
