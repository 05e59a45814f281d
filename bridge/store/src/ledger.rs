//! The upkeep of the audit: seals, retention, verification and export.

use std::fmt;

use async_trait::async_trait;
use audit_seals::{Fault, Report, Seal, SealKey, Verify};
use bridge_core::ports::StoreError;
use jiff::Timestamp;
use sqlx::FromRow;

/// Keeps the audit such that no event can be changed without being found out.
#[async_trait]
pub trait Ledger: fmt::Debug + Send + Sync {
    /// Seals the next events, at most 1000, and signs the seal. Returns `None` if there are none, or if another
    /// process is sealing. Events of a transaction that may still write others are left for later.
    async fn seal(&self, key: Option<&SealKey>, now: Timestamp) -> Result<Option<Seal>, StoreError>;

    /// Returns the newest seal, by whichever process.
    async fn newest_seal(&self) -> Result<Option<Seal>, StoreError>;

    /// Deletes the events of at most 1000 batches that were sealed before this time, and keeps their seals.
    /// Writes an event about that. Returns the last batch whose events were deleted, if there was one.
    async fn expire(&self, before: Timestamp, now: Timestamp) -> Result<Option<i64>, StoreError>;

    /// Verifies every event and every seal. Returns the first fault.
    async fn verify(&self, verify: &Verify) -> Result<Result<Report, Fault>, StoreError>;

    /// Returns at most `limit` events after the number `after`, oldest first.
    async fn export(&self, after: i64, limit: u32) -> Result<Vec<Exported>, StoreError>;
}

/// An event, as it is exported.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Exported {
    /// Its number.
    pub number: i64,
    /// Its batch; `None` if it is not sealed yet.
    pub batch: Option<i64>,
    /// The event as JSON, as it was hashed.
    pub document: String,
}
