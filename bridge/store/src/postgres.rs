//! The store on PostgreSQL, which several replicas can share.

use std::io;
use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use bridge_core::ports::{PoolState, Store, StoreError};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, Postgres};
use sqlx::{ConnectOptions, Connection};

use crate::error::{OpenError, failed, pool_state};
use crate::sql::{BEGIN_ON_POSTGRES, Record, Sql, SqlStore, Value, arguments};
use crate::url::PostgresUrl;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

/// Timeout for a connection: for the server to respond, or for another request to return one to the pool.
const CONNECT: Duration = Duration::from_secs(5);
/// Timeout for a migration, and for waiting until another replica has migrated.
const MIGRATE: Duration = Duration::from_secs(300);

/// A store on PostgreSQL.
pub type PostgresStore = SqlStore<PostgresDatabase>;

/// A PostgreSQL database.
#[derive(Debug)]
pub struct PostgresDatabase {
    pool: PgPool,
}

impl PostgresStore {
    /// Opens the store in this database, with at most this number of connections. The first replica migrates
    /// its schema.
    ///
    /// # Errors
    /// Returns an error if the server cannot be reached or rejects the connection, or if the database was
    /// migrated by a later version of this program.
    pub async fn connect(url: &PostgresUrl, connections: NonZeroU32) -> Result<Self, OpenError> {
        let options = url.options()?.application_name("bridge");
        migrate(&options).await?;
        let pool = PgPoolOptions::new()
            .max_connections(connections.get())
            .acquire_timeout(CONNECT)
            // All statements are far below these limits. They keep a stuck server from blocking requests.
            .connect_lazy_with(options.options([
                ("statement_timeout", "10s"),
                ("lock_timeout", "5s"),
                ("idle_in_transaction_session_timeout", "30s"),
            ]));
        Ok(Self(PostgresDatabase { pool }))
    }
}

/// Uses a connection of its own, because a migration may take longer than a request.
async fn migrate(options: &PgConnectOptions) -> Result<(), OpenError> {
    let options = options.clone().options([("statement_timeout", format!("{}s", MIGRATE.as_secs()))]);
    let silent = |_| {
        OpenError::Unavailable(sqlx::Error::Io(io::Error::new(
            io::ErrorKind::TimedOut,
            "the server does not respond",
        )))
    };
    let mut connection = tokio::time::timeout(CONNECT, options.connect()).await.map_err(silent)??;
    MIGRATIONS.run(&mut connection).await?;
    // The migration is committed; an error while closing has no effect.
    let _ = connection.close().await;
    Ok(())
}

#[async_trait]
impl Store for PostgresStore {
    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1 FROM intents LIMIT 1")
            .fetch_optional(&self.0.pool)
            .await
            .map_err(failed("answer"))?;
        Ok(())
    }

    fn pools(&self) -> Vec<PoolState> {
        vec![pool_state("postgres", &self.0.pool)]
    }

    async fn close(&self) {
        self.0.pool.close().await;
    }
}

impl Sql for PostgresDatabase {
    const BEGIN: &'static str = BEGIN_ON_POSTGRES;

    async fn read<R: Record>(
        &self,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<R>, sqlx::Error> {
        sqlx::query_as_with(statement, arguments::<Postgres>(values)?).fetch_all(&self.pool).await
    }

    async fn write<R: Record>(
        &self,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<R>, sqlx::Error> {
        // Fetches all rows, because the statement is committed only after the last one.
        sqlx::query_as_with(statement, arguments::<Postgres>(values)?).fetch_all(&self.pool).await
    }

    async fn execute(&self, statement: &'static str, values: &[Value<'_>]) -> Result<u64, sqlx::Error> {
        let done = sqlx::query_with(statement, arguments::<Postgres>(values)?).execute(&self.pool).await?;
        Ok(done.rows_affected())
    }

    async fn execute_both(
        &self,
        first: (&'static str, &[Value<'_>]),
        second: (&'static str, &[Value<'_>]),
    ) -> Result<bool, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let done =
            sqlx::query_with(first.0, arguments::<Postgres>(first.1)?).execute(&mut *transaction).await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query_with(second.0, arguments::<Postgres>(second.1)?).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }
}
