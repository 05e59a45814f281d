//! What is kept of intents.

use async_trait::async_trait;
use workflow_api::WorkflowIntent;

use super::StoreError;
use crate::intent::{DigKey, IntentKey};

/// Keeps intents.
#[async_trait]
pub trait IntentStore {
    /// Keeps a new intent.
    ///
    /// # Errors
    /// [`CreateError::AlreadyExists`] when the name is taken in the group: of several creates at once, one succeeds.
    async fn create_intent(&self, dig: &DigKey, intent: &WorkflowIntent) -> Result<(), CreateError>;

    /// The intent of this key.
    async fn intent(&self, key: &IntentKey) -> Result<Option<WorkflowIntent>, StoreError>;

    /// All intents of a group, ordered by name, byte by byte.
    async fn intents(&self, dig: &DigKey) -> Result<Vec<WorkflowIntent>, StoreError>;

    /// Removes an intent, but not its runs; says whether there was one.
    async fn delete_intent(&self, key: &IntentKey) -> Result<bool, StoreError>;
}

/// Why an intent was not kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The name is taken.
    #[error("workflow intent `{0}` exists already")]
    AlreadyExists(IntentKey),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
