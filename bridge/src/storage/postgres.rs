//! The store on PostgreSQL: shared by several replicas.

use std::io;
use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, Postgres};
use sqlx::{ConnectOptions, Connection};

use super::latest::Latest;
use super::sql::{failed, opening};
use super::{PoolState, PostgresUrl, Store, StoreError};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

/// Longest wait for a connection: for the server to answer, or for another request to be done with one.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest wait for another replica that migrates, and for one migration.
const MIGRATE: Duration = Duration::from_secs(300);

/// A store on PostgreSQL.
#[derive(Debug)]
pub struct PostgresStore {
    pool: PgPool,
}

impl PostgresStore {
    /// A store in this database, whose schema is brought up to date by whichever replica comes first. It opens so many
    /// connections at most.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses, or the database was made by a later version of this program.
    pub async fn connect(url: &PostgresUrl, connections: NonZeroU32) -> Result<Self, StoreError> {
        let options = url.options().map_err(opening)?.application_name("bridge");
        migrate(&options).await?;
        let pool = PgPoolOptions::new()
            .max_connections(connections.get())
            .acquire_timeout(CONNECT)
            // No statement of ours is near these bounds: a server that is stuck must not hold requests.
            .connect_lazy_with(options.options([
                ("statement_timeout", "10s"),
                ("lock_timeout", "5s"),
                ("idle_in_transaction_session_timeout", "30s"),
            ]));
        Ok(Self { pool })
    }

    pub(super) async fn writer(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        self.pool.acquire().await.map_err(failed("be written to"))
    }

    pub(super) fn readers(&self) -> &PgPool {
        &self.pool
    }

    /// Replicas share the database: what one has at hand another may have changed.
    #[expect(clippy::unused_self, reason = "as SQLite's, for the SQL that both share")]
    pub(super) fn latest(&self) -> Option<&Latest> {
        None
    }
}

/// On a connection of its own: a migration may take longer than a request.
async fn migrate(options: &PgConnectOptions) -> Result<(), StoreError> {
    let options = options.clone().options([("statement_timeout", format!("{}s", MIGRATE.as_secs()))]);
    let silent =
        |_| opening(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the server does not answer")));
    let mut connection =
        tokio::time::timeout(CONNECT, options.connect()).await.map_err(silent)?.map_err(opening)?;
    MIGRATIONS.run(&mut connection).await.map_err(StoreError::Migration)?;
    // What was migrated is committed; a farewell that fails changes nothing.
    let _ = connection.close().await;
    Ok(())
}

#[async_trait]
impl Store for PostgresStore {
    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1 FROM intents LIMIT 1")
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("answer"))?;
        Ok(())
    }

    fn pools(&self) -> Vec<PoolState> {
        vec![PoolState::of("postgres", &self.pool)]
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}
