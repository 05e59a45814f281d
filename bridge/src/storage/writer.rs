//! The one connection that writes to an SQLite database.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{Sqlite, SqliteConnection, SqlitePool};
use sqlx::{Connection, Error};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};
use tokio::time::timeout;

use super::PoolState;

/// Longest wait for whoever writes.
const PATIENCE: Duration = Duration::from_secs(5);

/// One connection, of one at a time: SQLite has one writer anyhow, and waiting here is fair where waiting for SQLite's lock is not.
///
/// It is kept where it may be: a pool tests each connection that comes back, which costs two threads a switch for each statement.
#[derive(Debug)]
pub(super) struct Writer {
    /// Of one connection.
    pool: SqlitePool,
    /// Where others do not need it to read.
    kept: Option<Mutex<Option<PoolConnection<Sqlite>>>>,
}

/// The connection, as long as this is held.
#[derive(Debug)]
pub(super) enum Writing<'a> {
    Kept(MappedMutexGuard<'a, PoolConnection<Sqlite>>),
    Pooled(PoolConnection<Sqlite>),
}

impl Writer {
    /// Writes over this pool's one connection, and keeps it.
    pub(super) fn keeping(pool: SqlitePool) -> Self {
        Self { pool, kept: Some(Mutex::default()) }
    }

    /// The same with a pool that is for readers, too.
    pub(super) fn sharing(pool: SqlitePool) -> Self {
        Self { pool, kept: None }
    }

    /// The connection, once nobody else writes.
    ///
    /// # Errors
    /// When that takes too long, or the database is closed.
    pub(super) async fn connection(&self) -> Result<Writing<'_>, Error> {
        let Some(kept) = &self.kept else { return self.pool.acquire().await.map(Writing::Pooled) };
        let mut kept = timeout(PATIENCE, kept.lock()).await.map_err(|_| Error::PoolTimedOut)?;
        let connection = match kept.take() {
            Some(connection) => connection,
            None => self.pool.acquire().await?,
        };
        Ok(Writing::Kept(MutexGuard::map(kept, |kept| kept.insert(connection))))
    }

    /// Gives the connection up if it does not answer, so that the next statement has another. One at work is left alone.
    pub(super) async fn renew(&self) {
        let Some(Ok(mut kept)) = self.kept.as_ref().map(Mutex::try_lock) else { return };
        if let Some(connection) = kept.as_mut()
            && connection.ping().await.is_err()
        {
            *kept = None;
        }
    }

    /// How the connection stands.
    pub(super) fn state(&self) -> PoolState {
        let pool = PoolState::of("writer", &self.pool);
        match &self.kept {
            // The pool takes it for busy as long as it is kept.
            Some(kept) if kept.try_lock().is_ok() => {
                PoolState { busy: 0, idle: pool.busy + pool.idle, ..pool }
            }
            _ => pool,
        }
    }

    /// Closes the connection once nobody writes.
    pub(super) async fn close(&self) {
        if let Some(kept) = &self.kept {
            kept.lock().await.take();
        }
        self.pool.close().await;
    }
}

impl Deref for Writing<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match self {
            Self::Kept(connection) => connection,
            Self::Pooled(connection) => connection,
        }
    }
}

impl DerefMut for Writing<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Kept(connection) => connection,
            Self::Pooled(connection) => connection,
        }
    }
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

    use super::*;

    async fn pool() -> SqlitePool {
        let options = SqliteConnectOptions::new().in_memory(true);
        SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap()
    }

    async fn answers(writer: &Writer) -> bool {
        let mut connection = writer.connection().await.unwrap();
        sqlx::query("SELECT 1").execute(&mut *connection).await.is_ok()
    }

    #[tokio::test]
    async fn a_connection_is_kept_between_two_who_write() {
        let writer = Writer::keeping(pool().await);
        assert!(answers(&writer).await);
        assert_eq!(writer.pool.num_idle(), 0);
        assert_eq!(writer.state(), PoolState { name: "writer", busy: 0, idle: 1 });
        let held = writer.connection().await.unwrap();
        assert_eq!(writer.state(), PoolState { name: "writer", busy: 1, idle: 0 });
        // One at work is left alone, and nobody waits for it.
        writer.renew().await;
        drop(held);
        writer.renew().await;
        assert!(answers(&writer).await);
    }

    #[tokio::test]
    async fn who_reads_gets_a_shared_connection_back() {
        let pool = pool().await;
        let writer = Writer::sharing(pool.clone());
        assert!(answers(&writer).await);
        sqlx::query("SELECT 1").execute(&pool).await.unwrap();
        assert_eq!(writer.state(), PoolState::of("writer", &pool));
    }

    #[tokio::test]
    async fn nobody_waits_for_ever_for_whoever_writes() {
        let writer = Writer::keeping(pool().await);
        let held = writer.connection().await.unwrap();
        tokio::time::pause();
        assert!(matches!(writer.connection().await, Err(Error::PoolTimedOut)));
        drop(held);
        tokio::time::resume();
        assert!(answers(&writer).await);
    }

    #[tokio::test]
    async fn nobody_writes_to_what_is_closed() {
        for writer in [Writer::keeping(pool().await), Writer::sharing(pool().await)] {
            assert!(answers(&writer).await);
            writer.close().await;
            assert!(matches!(writer.connection().await, Err(Error::PoolClosed)));
        }
    }
}
