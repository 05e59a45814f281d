//! The database of the bridge: SQLite or PostgreSQL.
//!
//! To add a backend: write its migrations under `migrations/`, let [`DatabaseUrl`] and [`open`] choose it by
//! its URL, and run the contract suite (`tests/`) on it. A backend that accepts the same SQL implements
//! `sql::Sql` and gets the ports from `sql/`.
#![warn(missing_docs)]

mod error;
mod group;
mod latest;
mod own_file;
mod postgres;
mod sql;
mod sqlite;
mod url;

use std::num::NonZeroU32;
use std::sync::Arc;

use bridge_core::ports::Store;

pub use error::OpenError;
pub use postgres::PostgresStore;
pub use sqlite::SqliteStore;
pub use url::{DatabaseUrl, PostgresUrl};

/// Opens the database. Creates it and migrates its schema if needed.
///
/// # Errors
/// Returns an error if it cannot be opened, or was migrated by a later version of this program.
pub async fn open(url: &DatabaseUrl, connections: NonZeroU32) -> Result<Arc<dyn Store>, OpenError> {
    Ok(match url {
        DatabaseUrl::SqliteMemory => Arc::new(SqliteStore::in_memory().await?),
        DatabaseUrl::SqliteFile(path) => Arc::new(SqliteStore::file(path).await?),
        DatabaseUrl::Postgres(url) => Arc::new(PostgresStore::connect(url, connections).await?),
    })
}
