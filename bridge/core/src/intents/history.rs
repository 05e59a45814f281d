//! The revisions of an intent.

use super::{Intents, IntentsError};
use crate::access::{Action, Resource};
use crate::model::{Change, IntentKey, Revision, RevisionNumber};
use crate::request::Request;

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
    ) -> Result<ChangePage, IntentsError> {
        self.parts.access.authorize(request, Action::ListChanges, Resource::Intent(key)).await?;
        if !key.is_sound() {
            return Err(IntentsError::NoSuchIntent(key.clone()));
        }
        // One more than requested shows whether there is a next page.
        let mut changes = self.parts.store.changes(key, before, limit.saturating_add(1)).await?;
        if changes.is_empty() && before.is_none() {
            return Err(IntentsError::NoSuchIntent(key.clone()));
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
    ) -> Result<Revision, IntentsError> {
        self.parts.access.authorize(request, Action::GetRevision, Resource::Intent(key)).await?;
        let found = match number.parse() {
            Ok(number) if key.is_sound() => self.parts.store.revision(key, number).await?,
            _ => None,
        };
        found.ok_or_else(|| IntentsError::NoSuchRevision {
            intent: Box::new(key.clone()),
            revision: number.to_owned(),
            needs: "",
        })
    }
}
