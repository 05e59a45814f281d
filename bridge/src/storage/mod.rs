//! The port to the database: what the use cases keep, whatever keeps it.
//!
//! To add a backend: give it migrations of its own under `migrations/`, let [`DatabaseUrl`] and [`open`] choose it by its URL,
//! and run the contract suite (`storage/contract/`) on it. One that speaks SQL as these do implements `sql::Sql` and gets its
//! traits from `storage/sql/`.

#[cfg(test)]
mod contract;
mod group;
mod intents;
mod latest;
mod postgres;
mod runs;
mod sql;
mod sqlite;
mod url;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;

pub use intents::IntentStore;
pub use postgres::PostgresStore;
pub use runs::{Begun, RunStore, Terms};
pub use sqlite::SqliteStore;
pub use url::{DatabaseUrl, PostgresUrl};

/// What the bridge keeps. Absence is not an error: lookups answer `None`.
#[async_trait]
pub trait Store: IntentStore + RunStore + std::fmt::Debug + Send + Sync {
    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// How its connections stand.
    fn pools(&self) -> Vec<PoolState>;

    /// Lets go of the database; what was written stays written.
    async fn close(&self);
}

/// How the connections of a pool stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolState {
    /// What they are for.
    pub name: &'static str,
    /// Those that are at work.
    pub busy: usize,
    /// Those that are not.
    pub idle: usize,
}

impl PoolState {
    fn of<DB: sqlx::Database>(name: &'static str, pool: &sqlx::Pool<DB>) -> Self {
        let (open, idle) = (usize::try_from(pool.size()).unwrap_or(usize::MAX), pool.num_idle());
        Self { name, busy: open.saturating_sub(idle), idle }
    }
}

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database did not answer, or refused.
    #[error("the database could not {action}")]
    Database {
        /// What was asked of it.
        action: &'static str,
        /// What it said.
        #[source]
        source: sqlx::Error,
    },
    /// The file belongs to another process.
    #[error(
        "{} is in use by another process: end that one, or use PostgreSQL, which several may share", .0.display()
    )]
    InUse(PathBuf),
    /// The database's schema could not be brought up to date.
    #[error("the database's schema could not be brought up to date")]
    Migration(#[source] sqlx::migrate::MigrateError),
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

/// Opens the database, making it and bringing its schema up to date where needed.
///
/// # Errors
/// When it cannot be opened, or was made by a later version of this program.
pub async fn open(url: &DatabaseUrl, connections: NonZeroU32) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match url {
        DatabaseUrl::SqliteMemory => Arc::new(SqliteStore::in_memory().await?),
        DatabaseUrl::SqliteFile(path) => Arc::new(SqliteStore::file(path).await?),
        DatabaseUrl::Postgres(url) => Arc::new(PostgresStore::connect(url, connections).await?),
    })
}
