//! Why the database was not opened, and how its errors reach the ports.

use std::path::PathBuf;

use bridge_core::ports::{PoolState, StoreError};

/// Why the database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It did not answer, or refused.
    #[error("the database could not be opened")]
    Unavailable(#[from] sqlx::Error),
    /// The file belongs to another process.
    #[error(
        "{} is in use by another process: end that one, or use PostgreSQL, which several may share", .0.display()
    )]
    InUse(PathBuf),
    /// The schema could not be brought up to date.
    #[error("the database's schema could not be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// Names what the database could not do.
pub(crate) fn failed(action: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| StoreError::Unavailable { action, source: source.into() }
}

/// Returns the state of the connections of a pool.
pub(crate) fn pool_state<DB: sqlx::Database>(name: &'static str, pool: &sqlx::Pool<DB>) -> PoolState {
    let (open, idle) = (usize::try_from(pool.size()).unwrap_or(usize::MAX), pool.num_idle());
    PoolState { name, busy: open.saturating_sub(idle), idle }
}
