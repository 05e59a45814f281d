//! The store on SQLite: the embedded default, for one replica.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::SqlSafeStr;
use sqlx::sqlite::{
    Sqlite, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};

use crate::error::OpenError;
use crate::group::Group;
use crate::latest::Caches;
use crate::own_file::OwnFile;
use crate::sql::{
    BEGIN_ON_SQLITE, EventRow, RECORD, Record, SEAL_ON_SQLITE, SETTLE_ON_SQLITE, Sql, SqlStore, Value,
    arguments,
};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

/// Timeout for another process that has locked the file, such as a backup.
const BUSY: Duration = Duration::from_secs(5);
const READERS: u32 = 4;
/// Interval between two writes that find out whether the disk is full. Anyone may ask for readiness.
const PROBE: Duration = Duration::from_secs(5);

/// A store on SQLite.
pub type SqliteStore = SqlStore<SqliteDatabase>;

/// An SQLite database.
#[derive(Debug)]
pub struct SqliteDatabase {
    /// A single connection: SQLite has one writer anyway. Waiting for it here is fair, while waiting for
    /// SQLite's lock is not.
    writer: SqlitePool,
    readers: SqlitePool,
    group: Group,
    caches: Caches,
    /// When the last write for readiness succeeded.
    probed: Mutex<Option<Instant>>,
    /// The last field, because the connections must be closed before. `None` in memory.
    file: Option<OwnFile>,
}

impl SqliteStore {
    /// Opens a store in memory, which ends with the process.
    ///
    /// # Errors
    /// Returns an error if SQLite fails.
    pub async fn in_memory() -> Result<Self, OpenError> {
        // A second connection would open a second, empty database. So there is exactly one.
        let pool = pool(1).connect_with(SqliteConnectOptions::new().in_memory(true)).await?;
        migrated(&pool).await?;
        Ok(Self::over(pool.clone(), pool, None))
    }

    /// Opens a store in a file, which is created if missing.
    ///
    /// # Errors
    /// Returns an error if the file cannot be created, read or written, is not a database of the bridge, or
    /// belongs to another process.
    pub async fn file(path: &Path) -> Result<Self, OpenError> {
        let mut file = OwnFile::lock(path).await?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .busy_timeout(BUSY)
            // With the write-ahead log, readers do not wait for the writer.
            .journal_mode(SqliteJournalMode::Wal)
            // A committed transaction survives a power failure.
            .synchronous(SqliteSynchronous::Full);
        let writer = pool(1).connect_with(options.clone()).await?;
        let readers = pool(READERS).connect_with(options.read_only(true)).await?;
        migrated(&writer).await?;
        file.note_log().map_err(sqlx::Error::Io)?;
        Ok(Self::over(writer, readers, Some(file)))
    }

    /// Opens the file of a bridge that may be running, for the audit only.
    ///
    /// # Errors
    /// Returns an error if the file does not exist, or is not a database.
    pub async fn beside(path: &Path) -> Result<Self, OpenError> {
        let options = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY);
        let pool = pool(1).connect_with(options).await?;
        Ok(Self::over(pool.clone(), pool, None))
    }

    fn over(writer: SqlitePool, readers: SqlitePool, file: Option<OwnFile>) -> Self {
        let group = Group::new(writer.clone());
        let (caches, probed) = (Caches::default(), Mutex::default());
        Self(SqliteDatabase { writer, readers, group, caches, probed, file })
    }
}

async fn migrated(writer: &SqlitePool) -> Result<(), OpenError> {
    MIGRATIONS.run(writer).await?;
    // There is one replica, and it has just started: no process works on a start.
    sqlx::query("UPDATE runs SET leased_until = 0 WHERE outcome = 'starting'").execute(writer).await?;
    Ok(())
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(connections)
        .acquire_timeout(BUSY)
        .idle_timeout(None)
        // A connection to a file does not break. Testing it would cost each statement another thread switch.
        .test_before_acquire(false)
        .max_lifetime(None)
}

impl Sql for SqliteDatabase {
    type Driver = Sqlite;
    const BEGIN: &'static str = BEGIN_ON_SQLITE;
    const SETTLE: &'static str = SETTLE_ON_SQLITE;
    const SEAL: &'static str = SEAL_ON_SQLITE;
    const SEALS: &'static str = "SELECT TRUE AS seals";
    const SNAPSHOT: &'static str = "SELECT 1";

    fn readers(&self) -> (&'static str, &SqlitePool) {
        ("readers", &self.readers)
    }

    fn writers(&self) -> (&'static str, &SqlitePool) {
        ("writer", &self.writer)
    }

    async fn read<R: Record>(
        &self,
        statement: impl SqlSafeStr + Send,
        values: &[Value<'_>],
    ) -> Result<Vec<R>, sqlx::Error> {
        sqlx::query_as_with(statement, arguments::<Sqlite>(values)?).fetch_all(&self.readers).await
    }

    async fn write<R: Record>(
        &self,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<R>, sqlx::Error> {
        let rows = self.group.write(vec![(statement, arguments::<Sqlite>(values)?)]).await?;
        rows.iter().map(R::from_row).collect()
    }

    async fn write_with<R: Record>(
        &self,
        event: Option<&EventRow>,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<R>, sqlx::Error> {
        let event = event.map(|event| Ok::<_, sqlx::Error>((RECORD, arguments::<Sqlite>(&event.values())?)));
        let mut unit: Vec<_> = event.transpose()?.into_iter().collect();
        unit.push((statement, arguments::<Sqlite>(values)?));
        let rows = self.group.write(unit).await?;
        rows.iter().map(R::from_row).collect()
    }

    async fn fetch<R: Record>(
        connection: &mut SqliteConnection,
        statement: impl SqlSafeStr + Send,
        values: &[Value<'_>],
    ) -> Result<Vec<R>, sqlx::Error> {
        sqlx::query_as_with(statement, arguments::<Sqlite>(values)?).fetch_all(connection).await
    }

    async fn execute(
        connection: &mut SqliteConnection,
        statement: impl SqlSafeStr + Send,
        values: &[Value<'_>],
    ) -> Result<u64, sqlx::Error> {
        let done = sqlx::query_with(statement, arguments::<Sqlite>(values)?).execute(connection).await?;
        Ok(done.rows_affected())
    }

    async fn probe(&self) -> Result<(), sqlx::Error> {
        let probed = || self.probed.lock().unwrap_or_else(PoisonError::into_inner);
        if probed().is_some_and(|last| last.elapsed() < PROBE) {
            return Ok(());
        }
        // Writes one page, which is the page of the file's header.
        sqlx::query("PRAGMA user_version = 0").execute(&self.writer).await?;
        *probed() = Some(Instant::now());
        Ok(())
    }

    fn guard(&self) -> Result<(), sqlx::Error> {
        self.file.as_ref().map_or(Ok(()), OwnFile::check).map_err(sqlx::Error::Io)
    }

    fn caches(&self) -> Option<&Caches> {
        Some(&self.caches)
    }
}
