//! A PostgreSQL that accepts no writes, as after a switch to a replica.

use std::num::NonZeroU32;
use std::time::Duration;

use bridge_core::ports::Store;
use bridge_store::PostgresStore;
use harness::{PostgreSql, eventually};
use sqlx::{Connection, PgConnection};

/// Long enough on a busy machine.
const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_postgresql_that_only_reads_is_not_ready() {
    let url = PostgreSql::shared().await.unwrap().database().await.unwrap();
    let store = PostgresStore::connect(&url.parse().unwrap(), NonZeroU32::MIN).await.unwrap();
    store.ping().await.unwrap();
    let mut other = PgConnection::connect(&url).await.unwrap();
    let mode = async |on: &str, other: &mut PgConnection| {
        // As after a switch to a replica: sessions end, and new ones only read.
        let alter = format!(
            "SET default_transaction_read_only = off;
             DO $$ BEGIN EXECUTE format(
                'ALTER DATABASE %I SET default_transaction_read_only = {on}', current_database()
             ); END $$;
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(alter)).execute(other).await.unwrap();
    };
    mode("on", &mut other).await;
    eventually(SOON, "the store is not ready", async || {
        let error = store.ping().await.err().map(|error| workflow_api::chain(&error)).unwrap_or_default();
        if error.contains("read-only") { Ok(()) } else { Err(error) }
    })
    .await;
    mode("off", &mut other).await;
    eventually(SOON, "the store is ready again", async || store.ping().await).await;
}
