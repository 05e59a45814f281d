//! The store on PostgreSQL, which several replicas can share.

use std::io;
use std::num::NonZeroU32;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions, Postgres};
use sqlx::{ConnectOptions, Connection, SqlSafeStr};

use crate::error::OpenError;
use crate::sql::{
    BEGIN_ON_POSTGRES, EventRow, Record, SEAL_ON_POSTGRES, SETTLE_ON_POSTGRES, Sql, SqlStore, Value,
    arguments,
};
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
        // All statements are far below these limits. They keep a stuck server from blocking requests.
        let options = options.options([
            ("statement_timeout", "10s"),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "30s"),
        ]);
        Ok(Self::with(options, connections.get()))
    }

    /// Opens the database of bridges that may be running, for the audit only. Its statements have no timeout.
    ///
    /// # Errors
    /// Returns an error if the URL cannot be used.
    pub fn beside(url: &PostgresUrl) -> Result<Self, OpenError> {
        Ok(Self::with(url.options()?.application_name("bridge audit"), 1))
    }

    fn with(options: PgConnectOptions, connections: u32) -> Self {
        let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(CONNECT);
        Self(PostgresDatabase { pool: pool.connect_lazy_with(options) })
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

impl Sql for PostgresDatabase {
    type Driver = Postgres;
    const BEGIN: &'static str = BEGIN_ON_POSTGRES;
    const SETTLE: &'static str = SETTLE_ON_POSTGRES;
    const SEAL: &'static str = SEAL_ON_POSTGRES;
    const SEALS: &'static str = "SELECT pg_try_advisory_xact_lock(hashtext('bridge audit')) AS seals";
    const SNAPSHOT: &'static str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";

    fn readers(&self) -> (&'static str, &PgPool) {
        ("postgres", &self.pool)
    }

    fn writers(&self) -> (&'static str, &PgPool) {
        self.readers()
    }

    async fn read<R: Record>(
        &self,
        statement: impl SqlSafeStr + Send,
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
        self.read(statement, values).await
    }

    async fn write_with<R: Record>(
        &self,
        event: Option<&EventRow>,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<R>, sqlx::Error> {
        let event = match event {
            Some(event) => event.values(),
            None => EventRow::none(),
        };
        self.write(statement, &[values, &event].concat()).await
    }

    async fn fetch<R: Record>(
        connection: &mut PgConnection,
        statement: impl SqlSafeStr + Send,
        values: &[Value<'_>],
    ) -> Result<Vec<R>, sqlx::Error> {
        sqlx::query_as_with(statement, arguments::<Postgres>(values)?).fetch_all(connection).await
    }

    async fn probe(&self) -> Result<(), sqlx::Error> {
        // After a failover, the pool may still have connections to the former primary.
        let read_only: String = sqlx::query_scalar("SELECT current_setting('transaction_read_only')")
            .fetch_one(&self.pool)
            .await?;
        if read_only == "on" {
            return Err(io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "the server is read-only").into());
        }
        Ok(())
    }

    async fn execute(
        connection: &mut PgConnection,
        statement: impl SqlSafeStr + Send,
        values: &[Value<'_>],
    ) -> Result<u64, sqlx::Error> {
        let done = sqlx::query_with(statement, arguments::<Postgres>(values)?).execute(connection).await?;
        Ok(done.rows_affected())
    }
}
