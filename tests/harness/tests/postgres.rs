//! The real PostgreSQL.

use harness::PostgreSql;
use sqlx::{Connection, PgConnection};

async fn run(connection: &mut PgConnection, sql: &'static str) -> u64 {
    sqlx::raw_sql(sql).execute(connection).await.expect("PostgreSQL runs it").rows_affected()
}

#[tokio::test]
async fn each_database_of_the_shared_server_is_empty_and_apart() {
    let server = PostgreSql::shared().await.unwrap();
    let (one, other) = tokio::try_join!(server.database(), server.database()).unwrap();
    assert_ne!(one, other);
    for url in [one, other] {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        run(&mut connection, "CREATE TABLE intents (name text)").await;
    }
}

#[tokio::test]
async fn a_killed_server_comes_back_with_what_was_committed() {
    let mut server = PostgreSql::start().await.unwrap();
    let url = server.database().await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    run(&mut connection, "CREATE TABLE intents AS SELECT 1").await;
    run(&mut connection, "BEGIN; INSERT INTO intents VALUES (2)").await;

    server.kill().await.unwrap();
    sqlx::raw_sql("COMMIT").execute(&mut connection).await.unwrap_err();
    PgConnection::connect(&url).await.unwrap_err();

    server.restart().await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    assert_eq!(run(&mut connection, "DELETE FROM intents").await, 1);
}
