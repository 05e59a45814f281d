//! The database of the bridge: SQLite or PostgreSQL.
//!
//! To add a backend: write its migrations under `migrations/`, let [`DatabaseUrl`] and [`open`] choose it by
//! its URL, and run the contract suite (`tests/`) on it. A backend that accepts the same SQL implements
//! `sql::Sql` and gets the ports from `sql/`.
#![warn(missing_docs)]

mod error;
mod group;
mod latest;
mod ledger;
mod own_file;
mod postgres;
mod sql;
mod sqlite;
mod url;

use std::num::NonZeroU32;
use std::sync::Arc;

use bridge_core::ports::Store;

pub use audit_seals::{Fault, KeyError, Report, Seal, SealKey, Verify, VerifyKeys};
pub use error::OpenError;
pub use ledger::{Exported, Ledger};
pub use postgres::PostgresStore;
pub use sqlite::SqliteStore;
pub use url::{DatabaseUrl, PostgresUrl};

/// A database: the ports, and the upkeep of the audit.
pub trait Database: Store + Ledger {}

impl<T: Store + Ledger> Database for T {}

/// Opens the database. Creates it and migrates its schema if needed.
///
/// # Errors
/// Returns an error if it cannot be opened, or was migrated by a later version of this program.
pub async fn open(url: &DatabaseUrl, connections: NonZeroU32) -> Result<Arc<dyn Database>, OpenError> {
    Ok(match url {
        DatabaseUrl::SqliteMemory => Arc::new(SqliteStore::in_memory().await?),
        DatabaseUrl::SqliteFile(path) => Arc::new(SqliteStore::file(path).await?),
        DatabaseUrl::Postgres(url) => Arc::new(PostgresStore::connect(url, connections).await?),
    })
}

/// Opens the database of a bridge that may be running, to read or verify its audit.
///
/// # Errors
/// Returns an error if it cannot be opened.
pub async fn open_audit(url: &DatabaseUrl) -> Result<Arc<dyn Database>, OpenError> {
    Ok(match url {
        DatabaseUrl::SqliteMemory => return Err(OpenError::InMemory),
        DatabaseUrl::SqliteFile(path) => Arc::new(SqliteStore::beside(path).await?),
        DatabaseUrl::Postgres(url) => Arc::new(PostgresStore::beside(url)?),
    })
}
