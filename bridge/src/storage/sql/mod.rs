//! The SQL of the traits. SQLite and PostgreSQL take the same, down to `$1`; but sqlx's types differ, so each trait is
//! implemented by a macro, once for each. Only the clock and how starts are numbered is each database's own.

mod intents;
mod run_row;
mod runs;

use super::StoreError;

/// Binds the first five parameters: what names an intent.
macro_rules! bind_key {
    ($query:expr, $key:expr) => {
        $query
            .bind(&$key.dig.project)
            .bind(&$key.dig.composite_app)
            .bind(&$key.dig.version)
            .bind(&$key.dig.dig)
            .bind(&$key.name)
    };
}
use bind_key;

pub(super) fn opening(source: sqlx::Error) -> StoreError {
    StoreError::Database { action: "be opened", source }
}

pub(super) fn failed(action: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| StoreError::Database { action, source }
}
