//! Use cases about the audit.

use audit_seals::Batch;

use crate::access::{Action, Refused, Resource};
use crate::parts::Parts;
use crate::ports::{EventFilter, EventPlace, KeptEvent, StoreError};
use crate::request::Request;

/// Use cases about the audit.
#[derive(Debug, Clone)]
pub struct Audits {
    parts: Parts,
}

/// A page of the audit, newest events first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// The events.
    pub events: Vec<KeptEvent>,
    /// The place of the last event on this page; the next page begins after it. `None` on the last page.
    pub next: Option<EventPlace>,
}

/// Why the audit cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The caller is not permitted to do this, or the audit cannot be written.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Audits {
    pub(crate) fn new(parts: Parts) -> Self {
        Self { parts }
    }

    /// Returns at most `limit` events that meet the filter, newest first. The call itself is an event, too.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub async fn list(
        &self,
        request: &Request,
        filter: &EventFilter,
        limit: u32,
    ) -> Result<AuditPage, AuditError> {
        self.parts.access.authorize(request, Action::ReadAudit, Resource::Bridge).await?;
        // One more than requested shows whether there is a next page.
        let mut events = self.parts.store.events(filter, limit.saturating_add(1)).await?;
        let more = events.len() > limit as usize;
        events.truncate(limit as usize);
        let next = events.last().filter(|_| more).map(|last| last.place);
        Ok(AuditPage { events, next })
    }

    /// Returns at most `limit` sealed batches after the number `after`, oldest first, to verify the audit with. The
    /// call itself is an event, too.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub async fn batches(&self, request: &Request, after: i64, limit: u32) -> Result<Vec<Batch>, AuditError> {
        self.parts.access.authorize(request, Action::VerifyAudit, Resource::Bridge).await?;
        Ok(self.parts.store.batches(after, limit).await?)
    }
}
