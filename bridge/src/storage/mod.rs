//! The port to the database: what the use cases keep, whatever keeps it.
//!
//! To add a backend: implement [`Store`], give it migrations of its own under `migrations/`, run the contract suite
//! (`storage/contract.rs`) on it, and let [`open`] choose it by its URL.

#[cfg(test)]
mod contract;
mod sqlite;

use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use workflow_api::WorkflowIntent;

use crate::intent::{DigKey, IntentKey, Run};
pub use sqlite::SqliteStore;

/// What the bridge keeps. Absence is not an error: lookups answer `None`.
#[async_trait]
pub trait Store: std::fmt::Debug + Send + Sync {
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

    /// Keeps a run. It is there for good, power cuts included, when this returns.
    async fn add_run(&self, run: &Run) -> Result<(), StoreError>;

    /// Writes down the workflow ID and the outcome of a run that was [`Outcome::Starting`](crate::intent::Outcome::Starting);
    /// says whether it was. The first to settle wins.
    async fn settle_run(&self, run: &Run) -> Result<bool, StoreError>;

    /// All runs of an intent, newest first.
    async fn runs(&self, key: &IntentKey) -> Result<Vec<Run>, StoreError>;

    /// The runs that were asked for before `before` and are still starting, oldest first.
    async fn unsettled_runs(&self, before: Timestamp) -> Result<Vec<Run>, StoreError>;

    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Lets go of the database; what was written stays written.
    async fn close(&self);
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

/// Which database to open: `sqlite:///path/to/file`, `sqlite:file` (relative) or `sqlite::memory:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// SQLite in memory: gone with the process.
    SqliteMemory,
    /// SQLite in a file.
    SqliteFile(std::path::PathBuf),
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = match text.strip_prefix("sqlite:") {
            Some(":memory:") => return Ok(Self::SqliteMemory),
            Some(path) => path.strip_prefix("//").unwrap_or(path),
            None => "",
        };
        if path.is_empty() || path.contains(['?', '#']) {
            return Err("write sqlite:///path/to/file, sqlite:file or sqlite::memory:".to_owned());
        }
        Ok(Self::SqliteFile(path.into()))
    }
}

/// Opens the database, making it and bringing its schema up to date where needed.
///
/// # Errors
/// When it cannot be opened, or was made by a later version of this program.
pub async fn open(url: &DatabaseUrl) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match url {
        DatabaseUrl::SqliteMemory => Arc::new(SqliteStore::in_memory().await?),
        DatabaseUrl::SqliteFile(path) => Arc::new(SqliteStore::file(path).await?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_a_file_or_memory() {
        for (text, url) in [
            ("sqlite::memory:", DatabaseUrl::SqliteMemory),
            ("sqlite:///var/lib/bridge.db", DatabaseUrl::SqliteFile("/var/lib/bridge.db".into())),
            ("sqlite://bridge.db", DatabaseUrl::SqliteFile("bridge.db".into())),
            ("sqlite:bridge.db", DatabaseUrl::SqliteFile("bridge.db".into())),
        ] {
            assert_eq!(text.parse::<DatabaseUrl>().unwrap(), url, "{text}");
        }
    }

    #[test]
    fn other_urls_are_refused() {
        for text in ["", "bridge.db", "mysql://host/db", "sqlite:", "sqlite://", "sqlite:a.db?mode=ro"] {
            assert!(
                text.parse::<DatabaseUrl>().is_err_and(|error| error.contains("sqlite::memory:")),
                "{text}"
            );
        }
    }
}
