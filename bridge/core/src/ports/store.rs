//! The database.

use async_trait::async_trait;

use super::{IntentStore, StartStore};

/// Stores what the bridge keeps. Absence is not an error: lookups return `None`.
#[async_trait]
pub trait Store: IntentStore + StartStore + std::fmt::Debug + Send + Sync {
    /// Asks the database whether it answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Returns the state of its connections.
    fn pools(&self) -> Vec<PoolState>;

    /// Closes the database.
    async fn close(&self);
}

/// The state of the connections of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolState {
    /// What they are for.
    pub name: &'static str,
    /// How many are in use.
    pub busy: usize,
    /// How many are not.
    pub idle: usize,
}

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database did not answer, or refused.
    #[error("the database could not {action}")]
    Unavailable {
        /// What was asked of it.
        action: &'static str,
        /// What it answered.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A row is not what this program writes.
    #[error("the database holds something unreadable in table `{table}`, column `{column}`, row `{row}`")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What names the row.
        row: String,
        /// Why it cannot be read.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
