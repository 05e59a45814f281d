//! The revisions of an intent.

use super::{Intents, IntentsError};
use crate::access::{Action, Resource};
use crate::model::{ChangePage, IntentKey, Revision, RevisionNumber};
use crate::request::Request;

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
        let changes = self.parts.store.changes(key, before, limit.saturating_add(1)).await?;
        if changes.is_empty() && before.is_none() {
            return Err(IntentsError::NoSuchIntent(key.clone()));
        }
        Ok(ChangePage::new(changes, limit))
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
