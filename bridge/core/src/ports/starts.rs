//! What the database keeps of starts.

use std::time::Duration;

use async_trait::async_trait;
use workflow_api::WorkflowIntentSpec;

use super::StoreError;
use crate::model::{IntentKey, StartId, StartRecord};

/// Stores the records of starts.
///
/// A start under way is leased to one process. Leases run by the database's clock, which all replicas share: when a lease has
/// expired, its holder has ended, and another process may take the start over.
#[async_trait]
pub trait StartStore {
    /// Puts a start on record, leased to the caller: it survives power cuts when this returns. Gives it the next number among the
    /// starts of its intent, and puts the number into its workflow ID.
    ///
    /// Writes nothing where the intent has a start under the same key. Of several under one key at once, one is new.
    ///
    /// `spec` is what the client is given, where that differs from the intent at the record's revision in more than the workflow ID.
    async fn begin_start(
        &self,
        start: &StartRecord,
        spec: Option<&WorkflowIntentSpec>,
        terms: Terms,
    ) -> Result<Begun, StoreError>;

    /// Begins a start again that started nothing. Workflow ID, number and key stay. Returns `None` where another process did so
    /// first.
    async fn begin_again(
        &self,
        start: &StartRecord,
        spec: Option<&WorkflowIntentSpec>,
        lease: Duration,
    ) -> Result<Option<StartRecord>, StoreError>;

    /// Takes over a start whose lease has expired or whose outcome is unknown. Returns it with what the client was given; `None`
    /// where there is no such start, or another process is at it.
    async fn take_over(
        &self,
        id: StartId,
        lease: Duration,
    ) -> Result<Option<(StartRecord, WorkflowIntentSpec)>, StoreError>;

    /// Leaves a start to be taken over after `pause`. Does nothing where another process is at it.
    async fn put_off(&self, start: &StartRecord, pause: Duration) -> Result<(), StoreError>;

    /// Writes the workflow ID and the outcome of a start, if it is under way and nobody took it over since. Returns whether it
    /// did.
    async fn settle(&self, start: &StartRecord) -> Result<bool, StoreError>;

    /// Returns at most `limit` starts of an intent, newest first; only those with numbers below `before`, where it is given.
    async fn starts(
        &self,
        key: &IntentKey,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<StartRecord>, StoreError>;

    /// Returns the start of an intent that has this run ID or start ID.
    async fn start(&self, key: &IntentKey, name: &str) -> Result<Option<StartRecord>, StoreError>;

    /// Returns starts under way whose lease has expired, oldest first.
    async fn abandoned(&self, limit: u32) -> Result<Vec<StartId>, StoreError>;

    /// Forgets callers' keys that were kept long enough. Returns how many. The records stay.
    async fn forget_keys(&self) -> Result<u64, StoreError>;
}

/// How long a start belongs to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How long a start may be under way before others may take it over.
    pub lease: Duration,
    /// How long a caller's key names the start.
    pub key_kept: Duration,
}

/// A start on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It is new.
    New(StartRecord),
    /// There was one under the same key.
    Known(StartRecord),
}
