//! What is kept of runs.

use std::time::Duration;

use async_trait::async_trait;
use workflow_api::WorkflowIntentSpec;

use super::StoreError;
use crate::intent::IntentKey;
use crate::run::{Run, StartId};

/// Keeps the records of starts.
///
/// A start under way is leased to whoever set about it. Leases run by the database's clock, which all replicas share: when
/// one has run out, its holder has ended, and others may take the start over.
#[async_trait]
pub trait RunStore {
    /// Puts a start on record, leased to the caller: it is there for good, power cuts included, when this returns. Numbers it
    /// among the starts of its intent, and puts the number into its workflow ID.
    ///
    /// Nothing is written where the intent has a start under the caller's key. Of several begun at once under one key, one is new.
    ///
    /// `spec` is what the client is told, where that is not the intent's own at the run's revision; the workflow ID is the run's.
    async fn begin_run(
        &self,
        run: &Run,
        spec: Option<&WorkflowIntentSpec>,
        terms: Terms,
    ) -> Result<Begun, StoreError>;

    /// Sets about a start again that came to nothing, as if it were new; `None` where somebody else did. The workflow ID, the
    /// number and the key stay.
    async fn begin_again(
        &self,
        run: &Run,
        spec: Option<&WorkflowIntentSpec>,
        lease: Duration,
    ) -> Result<Option<Run>, StoreError>;

    /// Takes a start over that nobody carries through any more, or whose outcome is unknown, and what the client was told;
    /// `None` where there is no such start, or somebody is at it.
    async fn take_over(
        &self,
        id: StartId,
        lease: Duration,
    ) -> Result<Option<(Run, WorkflowIntentSpec)>, StoreError>;

    /// Leaves a start to whoever comes after `pause`. Nothing happens where somebody else is at it.
    async fn put_off(&self, run: &Run, pause: Duration) -> Result<(), StoreError>;

    /// Writes down the workflow ID and the outcome of a start, if it is under way and nobody else set about it since. Returns
    /// whether it did.
    async fn settle_run(&self, run: &Run) -> Result<bool, StoreError>;

    /// The runs of an intent, newest first: at most `limit`, and none as new as the number `before`.
    async fn runs(&self, key: &IntentKey, before: Option<i64>, limit: u32) -> Result<Vec<Run>, StoreError>;

    /// The run of an intent that has this run ID or start ID.
    async fn run(&self, key: &IntentKey, name: &str) -> Result<Option<Run>, StoreError>;

    /// Starts under way whose lease has run out, oldest first.
    async fn abandoned_runs(&self, limit: u32) -> Result<Vec<StartId>, StoreError>;

    /// Forgets which keys callers gave, where they were kept long enough; says how many. The records stay.
    async fn forget_keys(&self) -> Result<u64, StoreError>;
}

/// How long a start is somebody's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How long it takes at most to carry a start through: afterwards others may take it over.
    pub lease: Duration,
    /// How long a caller's key stands for the start.
    pub key_kept: Duration,
}

/// A start on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It is new.
    New(Run),
    /// The caller's key came before.
    Known(Run),
}
