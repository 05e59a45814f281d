//! The database.

use async_trait::async_trait;

use super::{IntentStore, StartStore};

/// The storage of the bridge. A missing item is not an error: lookups return `None`.
#[async_trait]
pub trait Store: IntentStore + StartStore + std::fmt::Debug + Send + Sync {
    /// Checks that the database responds.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Returns the state of its connection pools.
    fn pools(&self) -> Vec<PoolState>;

    /// Closes the database.
    async fn close(&self);
}

/// The state of a connection pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolState {
    /// The name of the pool.
    pub name: &'static str,
    /// The number of connections in use.
    pub busy: usize,
    /// The number of idle connections.
    pub idle: usize,
}

/// Why an access to the database failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database did not respond, or rejected the statement.
    #[error("the database could not {action}")]
    Unavailable {
        /// The attempted operation.
        action: &'static str,
        /// The database's response.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A row has content that this program does not write.
    #[error("the database has unreadable content in table `{table}`, column `{column}`, row `{row}`")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The key of the row.
        row: String,
        /// Why it is unreadable.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
