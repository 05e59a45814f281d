//! What is kept of runs.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::intent::{IntentKey, Run};

/// Keeps the records of starts.
#[async_trait]
pub trait RunStore {
    /// Keeps a run. It is there for good, power cuts included, when this returns.
    async fn add_run(&self, run: &Run) -> Result<(), StoreError>;

    /// Writes down the workflow ID and the outcome of a run that was [`Outcome::Starting`](crate::intent::Outcome::Starting);
    /// says whether it was. The first to settle wins.
    async fn settle_run(&self, run: &Run) -> Result<bool, StoreError>;

    /// All runs of an intent, newest first.
    async fn runs(&self, key: &IntentKey) -> Result<Vec<Run>, StoreError>;

    /// The runs that were asked for before `before` and are still starting, oldest first.
    async fn unsettled_runs(&self, before: Timestamp) -> Result<Vec<Run>, StoreError>;
}
