//! The store on SQLite: the embedded default, for one replica.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{
    Sqlite, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use tokio::time::{Instant, sleep};

use crate::error::OpenError;
use crate::group::Group;
use crate::latest::Latest;
use crate::sql::{BEGIN_ON_SQLITE, Record, Sql, SqlStore, Value, arguments};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

/// Timeout for another process that has locked the file, such as a backup.
const BUSY: Duration = Duration::from_secs(5);
const READERS: u32 = 4;
/// Interval between two attempts to lock a file that belongs to another process.
const PAUSE: Duration = Duration::from_millis(50);

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
    /// The lock, held as long as the store lives. The system releases it when the process ends in any way.
    _lock: Option<File>,
    latest: Latest,
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
        let lock = lock(path).await?;
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
        Ok(Self::over(writer, readers, Some(lock)))
    }

    fn over(writer: SqlitePool, readers: SqlitePool, lock: Option<File>) -> Self {
        let group = Group::new(writer.clone());
        Self(SqliteDatabase { writer, readers, group, _lock: lock, latest: Latest::default() })
    }
}

async fn migrated(writer: &SqlitePool) -> Result<(), OpenError> {
    MIGRATIONS.run(writer).await?;
    // There is one replica, and it has just started: no process works on a start.
    sqlx::query("UPDATE runs SET leased_until = 0 WHERE outcome = 'starting'").execute(writer).await?;
    Ok(())
}

/// Locks the database for this process: otherwise each of two processes would take the other's starts for
/// abandoned ones. The lock is on a separate file, because closing a file of SQLite's also releases SQLite's
/// own locks.
pub(crate) async fn lock(path: &Path) -> Result<File, OpenError> {
    let io = |error| OpenError::Unavailable(sqlx::Error::Io(error));
    let mut beside = OsString::from(path);
    beside.push(".lock");
    let file = File::create(PathBuf::from(beside)).map_err(io)?;
    let patience = Instant::now() + BUSY;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // The previous process may be about to end.
            Err(TryLockError::WouldBlock) if Instant::now() < patience => sleep(PAUSE).await,
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
    }
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

    fn readers(&self) -> (&'static str, &SqlitePool) {
        ("readers", &self.readers)
    }

    fn writers(&self) -> (&'static str, &SqlitePool) {
        ("writer", &self.writer)
    }

    async fn read<R: Record>(
        &self,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<R>, sqlx::Error> {
        sqlx::query_as_with(statement, arguments::<Sqlite>(values)?).fetch_all(&self.readers).await
    }

    async fn write<R: Record>(
        &self,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<R>, sqlx::Error> {
        let rows = self.group.write(statement, arguments::<Sqlite>(values)?).await?;
        rows.iter().map(R::from_row).collect()
    }

    async fn execute(
        connection: &mut SqliteConnection,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> Result<u64, sqlx::Error> {
        let done = sqlx::query_with(statement, arguments::<Sqlite>(values)?).execute(connection).await?;
        Ok(done.rows_affected())
    }

    fn latest(&self) -> Option<&Latest> {
        Some(&self.latest)
    }
}
