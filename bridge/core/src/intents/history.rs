//! The revisions of an intent.

use super::Intents;
use crate::access::{Action, Denied, Resource};
use crate::model::{Change, IntentKey, Revision, RevisionNumber};
use crate::ports::StoreError;
use crate::request::Request;

/// Why revisions cannot be returned.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The caller is not permitted to read them.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The intent never existed.
    #[error("workflow intent `{0}` never existed")]
    NoSuchIntent(IntentKey),
    /// There is no such revision.
    #[error("workflow intent `{intent}` has no revision `{revision}`")]
    NoSuchRevision {
        /// The intent.
        intent: IntentKey,
        /// The revision in the request.
        revision: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A page of changes of an intent, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangePage {
    /// The changes.
    pub changes: Vec<Change>,
    /// The last revision on this page; the next page begins after it. `None` on the last page.
    pub next: Option<RevisionNumber>,
}

impl Intents {
    /// Returns at most `limit` changes of an intent, newest first, and only those before `before`, if given.
    /// The changes of a deleted intent are kept.
    ///
    /// # Errors
    /// Returns an error if the intent never existed, or the database fails.
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
        // One more than requested shows whether there is a next page.
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
    /// Returns an error if there is no revision of this number, or the database fails.
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
