//! Storage of start records.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use workflow_api::{WorkflowId, WorkflowIntentSpec};

use super::StoreError;
use crate::model::{Event, IntentKey, StartId, StartRecord};

/// Stores start records.
///
/// An open start is leased to one process. Leases use the database's clock, which all replicas share. When a
/// lease has expired, its process has ended, and another process can take the start over.
#[async_trait]
pub trait StartStore {
    /// Records a start, with a lease for the caller. When this returns, the record survives a power failure.
    /// The start gets the next number among the starts of its intent; the number is also put into its
    /// workflow ID.
    ///
    /// Writes nothing if the intent has a start with the same key. Of several concurrent calls with one key,
    /// one start is new.
    ///
    /// `spec` is the spec for the client, if it differs from the intent at the record's revision in more than
    /// the workflow ID.
    ///
    /// Writes `event` in the same transaction, also if the key is known.
    async fn begin_start(
        &self,
        start: &StartRecord,
        spec: Option<&Arc<WorkflowIntentSpec>>,
        terms: Terms,
        event: Option<&Event>,
    ) -> Result<Begun, StoreError>;

    /// Begins a start again that started nothing. Workflow ID, number and key stay the same. Returns `None`
    /// if another process was faster.
    async fn begin_again(
        &self,
        start: &StartRecord,
        spec: Option<&Arc<WorkflowIntentSpec>>,
        lease: Duration,
    ) -> Result<Option<StartRecord>, StoreError>;

    /// Takes over a start whose lease has expired or whose outcome is unknown. Returns it with the spec for
    /// the client, or `None` if there is no such start, or if another process works on it.
    async fn take_over(
        &self,
        id: StartId,
        lease: Duration,
    ) -> Result<Option<(StartRecord, Arc<WorkflowIntentSpec>)>, StoreError>;

    /// Lets a start be taken over after `pause`. Does nothing if another process works on it.
    async fn put_off(&self, start: &StartRecord, pause: Duration) -> Result<(), StoreError>;

    /// Writes the workflow IDs and the outcome of a start, if it is still open and no other process has taken
    /// it over. Returns whether it was written. Writes `event` in the same transaction, in any case.
    async fn settle(&self, start: &StartRecord, event: Option<&Event>) -> Result<bool, StoreError>;

    /// Returns at most `limit` starts of an intent, newest first, and only those with numbers below `before`,
    /// if given.
    async fn starts(
        &self,
        key: &IntentKey,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<StartRecord>, StoreError>;

    /// Returns the last start of an intent that was successful, or may have been.
    async fn last_start(&self, key: &IntentKey, which: Successful)
    -> Result<Option<StartRecord>, StoreError>;

    /// Returns the start of an intent that has this run ID or start ID.
    async fn start(&self, key: &IntentKey, name: &str) -> Result<Option<StartRecord>, StoreError>;

    /// Returns whether a start of the intent has, or may have, made the workflow with this ID. Starts that found it
    /// running do not count.
    async fn has_started(&self, key: &IntentKey, workflow_id: &WorkflowId) -> Result<bool, StoreError>;

    /// Returns open starts whose lease has expired, oldest first.
    async fn abandoned(&self, limit: u32) -> Result<Vec<StartId>, StoreError>;

    /// Deletes callers' keys whose retention has passed. Returns how many. The records are kept.
    async fn forget_keys(&self) -> Result<u64, StoreError>;
}

/// How long a start is leased, and its key kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How long a start can be open before another process may take it over.
    pub lease: Duration,
    /// How long a caller's key is kept.
    pub key_kept: Duration,
}

/// Whether starts are meant that have led to a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Successful {
    /// Only those whose outcome is `started`.
    Surely,
    /// All but those that have started nothing.
    Perhaps,
}

/// The result of recording a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It is new.
    New(StartRecord),
    /// There was a start with the same key.
    Known(StartRecord),
}
