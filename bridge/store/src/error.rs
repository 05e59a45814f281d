//! The errors of opening a database, and the conversion of its other errors for the ports.

use std::path::PathBuf;

use bridge_core::ports::StoreError;

/// Why the database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database did not respond, or rejected the connection.
    #[error("the database could not be opened")]
    Unavailable(#[from] sqlx::Error),
    /// Another process uses the file.
    #[error(
        "{} is in use by another process: stop that process, or use PostgreSQL, which several \
         processes can share", .0.display()
    )]
    InUse(PathBuf),
    /// A database in memory belongs to its process.
    #[error("a database in memory can be read by its own process only")]
    InMemory,
    /// The schema could not be brought up to date.
    #[error("the database's schema could not be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// Returns a function that names the failed operation.
pub(crate) fn failed(action: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| StoreError::Unavailable { action, source: source.into() }
}
