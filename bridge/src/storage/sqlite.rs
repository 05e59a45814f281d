//! The store on SQLite: the embedded default, for one replica.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{FromRow, Row};
use uuid::Uuid;
use workflow_api::{RunId, WorkflowIntent, to_go_json};

use super::{CreateError, Store, StoreError};
use crate::intent::{DigKey, IntentKey, Outcome, Run};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

/// Longest wait for another process that has the file locked, a backup for one.
const BUSY: Duration = Duration::from_secs(5);
const READERS: u32 = 4;

/// A store on SQLite.
///
/// One connection writes and others read: SQLite has one writer at a time anyhow, and waiting for a connection is fair
/// where waiting for SQLite's lock is not.
#[derive(Debug)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteStore {
    /// A store in memory, gone with the process.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub async fn in_memory() -> Result<Self, StoreError> {
        // A second connection would open a second, empty database; so there is one, for ever.
        let pool =
            pool(1).connect_with(SqliteConnectOptions::new().in_memory(true)).await.map_err(opening)?;
        Self::migrated(pool.clone(), pool).await
    }

    /// A store in a file, made where there is none.
    ///
    /// # Errors
    /// When the file cannot be made, read or written, or is not one of ours.
    pub async fn file(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .busy_timeout(BUSY)
            // Readers do not wait for the writer.
            .journal_mode(SqliteJournalMode::Wal)
            // NORMAL may lose the last commits in a power cut; but a run must be on record before its workflow starts.
            .synchronous(SqliteSynchronous::Full);
        let writer = pool(1).connect_with(options.clone()).await.map_err(opening)?;
        let readers = pool(READERS).connect_with(options.read_only(true)).await.map_err(opening)?;
        Self::migrated(writer, readers).await
    }

    async fn migrated(writer: SqlitePool, readers: SqlitePool) -> Result<Self, StoreError> {
        MIGRATIONS.run(&writer).await.map_err(StoreError::Migration)?;
        Ok(Self { writer, readers })
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(connections)
        .acquire_timeout(BUSY)
        .idle_timeout(None)
        .max_lifetime(None)
}

fn opening(source: sqlx::Error) -> StoreError {
    StoreError::Database { action: "be opened", source }
}

fn failed(action: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| StoreError::Database { action, source }
}

#[async_trait]
impl Store for SqliteStore {
    async fn create_intent(&self, dig: &DigKey, intent: &WorkflowIntent) -> Result<(), CreateError> {
        let document = String::from_utf8_lossy(&to_go_json(intent)).into_owned();
        let created = sqlx::query(
            "INSERT INTO intents
                (project, composite_app, composite_app_version, deployment_intent_group, name, document)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(&dig.project)
        .bind(&dig.composite_app)
        .bind(&dig.version)
        .bind(&dig.dig)
        .bind(&intent.metadata.name)
        .bind(document)
        .execute(&self.writer)
        .await;
        match created {
            Ok(_) => Ok(()),
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                Err(CreateError::AlreadyExists(IntentKey::of(dig, intent)))
            }
            Err(error) => Err(failed("keep an intent")(error).into()),
        }
    }

    async fn intent(&self, key: &IntentKey) -> Result<Option<WorkflowIntent>, StoreError> {
        let row: Option<IntentRow> = sqlx::query_as(
            "SELECT name, document FROM intents
             WHERE project = ? AND composite_app = ? AND composite_app_version = ? AND deployment_intent_group = ?
               AND name = ?",
        )
        .bind(&key.dig.project)
        .bind(&key.dig.composite_app)
        .bind(&key.dig.version)
        .bind(&key.dig.dig)
        .bind(&key.name)
        .fetch_optional(&self.readers)
        .await
        .map_err(failed("look up an intent"))?;
        row.map(WorkflowIntent::try_from).transpose()
    }

    async fn intents(&self, dig: &DigKey) -> Result<Vec<WorkflowIntent>, StoreError> {
        let rows: Vec<IntentRow> = sqlx::query_as(
            "SELECT name, document FROM intents
             WHERE project = ? AND composite_app = ? AND composite_app_version = ? AND deployment_intent_group = ?
             ORDER BY name",
        )
        .bind(&dig.project)
        .bind(&dig.composite_app)
        .bind(&dig.version)
        .bind(&dig.dig)
        .fetch_all(&self.readers)
        .await
        .map_err(failed("list intents"))?;
        rows.into_iter().map(WorkflowIntent::try_from).collect()
    }

    async fn delete_intent(&self, key: &IntentKey) -> Result<bool, StoreError> {
        let deleted = sqlx::query(
            "DELETE FROM intents
             WHERE project = ? AND composite_app = ? AND composite_app_version = ? AND deployment_intent_group = ?
               AND name = ?",
        )
        .bind(&key.dig.project)
        .bind(&key.dig.composite_app)
        .bind(&key.dig.version)
        .bind(&key.dig.dig)
        .bind(&key.name)
        .execute(&self.writer)
        .await
        .map_err(failed("delete an intent"))?;
        Ok(deleted.rows_affected() > 0)
    }

    async fn add_run(&self, run: &Run) -> Result<(), StoreError> {
        let (run_id, reason, settled_at) = columns(&run.outcome);
        sqlx::query(
            "INSERT INTO runs
                (id, project, composite_app, composite_app_version, deployment_intent_group, intent,
                 workflow_id, idempotency_key, requested_at, outcome, run_id, reason, settled_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(run.id.to_string())
        .bind(&run.intent.dig.project)
        .bind(&run.intent.dig.composite_app)
        .bind(&run.intent.dig.version)
        .bind(&run.intent.dig.dig)
        .bind(&run.intent.name)
        .bind(run.workflow_id.as_str())
        .bind(&run.idempotency_key)
        .bind(run.requested_at.as_microsecond())
        .bind(run.outcome.word())
        .bind(run_id)
        .bind(reason)
        .bind(settled_at)
        .execute(&self.writer)
        .await
        .map_err(failed("keep a run"))?;
        Ok(())
    }

    async fn settle_run(&self, run: &Run) -> Result<bool, StoreError> {
        let (run_id, reason, settled_at) = columns(&run.outcome);
        let settled = sqlx::query(
            "UPDATE runs SET workflow_id = ?, outcome = ?, run_id = ?, reason = ?, settled_at = ?
             WHERE id = ? AND outcome = 'starting'",
        )
        .bind(run.workflow_id.as_str())
        .bind(run.outcome.word())
        .bind(run_id)
        .bind(reason)
        .bind(settled_at)
        .bind(run.id.to_string())
        .execute(&self.writer)
        .await
        .map_err(failed("settle a run"))?;
        Ok(settled.rows_affected() > 0)
    }

    async fn runs(&self, key: &IntentKey) -> Result<Vec<Run>, StoreError> {
        let rows: Vec<RunRow> = sqlx::query_as(
            "SELECT * FROM runs
             WHERE project = ? AND composite_app = ? AND composite_app_version = ? AND deployment_intent_group = ?
               AND intent = ?
             ORDER BY requested_at DESC, id DESC",
        )
        .bind(&key.dig.project)
        .bind(&key.dig.composite_app)
        .bind(&key.dig.version)
        .bind(&key.dig.dig)
        .bind(&key.name)
        .fetch_all(&self.readers)
        .await
        .map_err(failed("list runs"))?;
        rows.into_iter().map(Run::try_from).collect()
    }

    async fn unsettled_runs(&self, before: Timestamp) -> Result<Vec<Run>, StoreError> {
        let rows: Vec<RunRow> = sqlx::query_as(
            "SELECT * FROM runs WHERE outcome = 'starting' AND requested_at < ? ORDER BY requested_at, id",
        )
        .bind(before.as_microsecond())
        .fetch_all(&self.readers)
        .await
        .map_err(failed("list unsettled runs"))?;
        rows.into_iter().map(Run::try_from).collect()
    }

    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1 FROM intents LIMIT 1")
            .fetch_optional(&self.readers)
            .await
            .map_err(failed("answer"))?;
        Ok(())
    }

    async fn close(&self) {
        // Readers first: the last connection to close folds the write-ahead log into the file.
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// The columns `run_id`, `reason` and `settled_at` of an outcome.
fn columns(outcome: &Outcome) -> (Option<&str>, Option<&str>, Option<i64>) {
    match outcome {
        Outcome::Starting => (None, None, None),
        Outcome::Started { run_id, at } => {
            (run_id.as_ref().map(RunId::as_str), None, Some(at.as_microsecond()))
        }
        Outcome::NotStarted { reason, at } | Outcome::Unknown { reason, at } => {
            (None, Some(reason), Some(at.as_microsecond()))
        }
    }
}

#[derive(FromRow)]
struct IntentRow {
    name: String,
    document: String,
}

impl TryFrom<IntentRow> for WorkflowIntent {
    type Error = StoreError;

    fn try_from(row: IntentRow) -> Result<Self, StoreError> {
        serde_json::from_str(&row.document).map_err(|source| StoreError::Inconsistent {
            table: "intents",
            column: "document",
            row: row.name,
            source: source.into(),
        })
    }
}

#[derive(FromRow)]
struct RunRow {
    id: String,
    #[sqlx(flatten)]
    intent: KeyColumns,
    workflow_id: String,
    idempotency_key: String,
    requested_at: i64,
    outcome: String,
    run_id: Option<String>,
    reason: Option<String>,
    settled_at: Option<i64>,
}

struct KeyColumns(IntentKey);

impl FromRow<'_, SqliteRow> for KeyColumns {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let dig = DigKey {
            project: row.try_get("project")?,
            composite_app: row.try_get("composite_app")?,
            version: row.try_get("composite_app_version")?,
            dig: row.try_get("deployment_intent_group")?,
        };
        Ok(Self(dig.intent(row.try_get::<String, _>("intent")?)))
    }
}

impl TryFrom<RunRow> for Run {
    type Error = StoreError;

    fn try_from(row: RunRow) -> Result<Self, StoreError> {
        fn unreadable<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
            row: &str,
            column: &'static str,
        ) -> impl FnOnce(E) -> StoreError {
            move |source| StoreError::Inconsistent {
                table: "runs",
                column,
                row: row.to_owned(),
                source: source.into(),
            }
        }
        let time = |column, microseconds| {
            Timestamp::from_microsecond(microseconds).map_err(unreadable(&row.id, column))
        };
        let at = time("settled_at", row.settled_at.unwrap_or_default())?;
        let reason = row.reason.unwrap_or_default();
        let outcome = match row.outcome.as_str() {
            "starting" => Outcome::Starting,
            "started" => Outcome::Started { run_id: row.run_id.map(RunId::from), at },
            "not_started" => Outcome::NotStarted { reason, at },
            "unknown" => Outcome::Unknown { reason, at },
            other => return Err(unreadable(&row.id, "outcome")(format!("`{other}` is no outcome"))),
        };
        Ok(Self {
            id: row.id.parse::<Uuid>().map_err(unreadable(&row.id, "id"))?.into(),
            intent: row.intent.0,
            workflow_id: row.workflow_id.into(),
            idempotency_key: row.idempotency_key,
            requested_at: time("requested_at", row.requested_at)?,
            outcome,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_unreadable_row_is_named() {
        let store = SqliteStore::in_memory().await.unwrap();
        sqlx::query("INSERT INTO intents VALUES ('p', 'a', 'v', 'd', 'broken', '{')")
            .execute(&store.writer)
            .await
            .unwrap();
        let dig = DigKey {
            project: "p".to_owned(),
            composite_app: "a".to_owned(),
            version: "v".to_owned(),
            dig: "d".to_owned(),
        };
        let error = store.intent(&dig.intent("broken")).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("table `intents`, column `document`, row `broken`"), "{text}");
        assert!(store.intents(&dig).await.is_err());
    }
}
