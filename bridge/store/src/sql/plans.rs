//! How the databases find rows.

use std::num::NonZeroU32;

use harness::PostgreSql;
use sqlx::AssertSqlSafe;

use super::starts::MADE;
use super::{Sql, SqlStore, Value};
use crate::{PostgresStore, SqliteStore};

const INDEX: &str = "runs_made_workflows";

#[tokio::test]
async fn the_workflows_of_an_intent_are_found_by_their_index() {
    let values: [Value<'_>; 6] = ["p", "a", "v", "g", "i", "w"].map(Into::into);
    let SqlStore(sqlite) = SqliteStore::in_memory().await.unwrap();
    let plan = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {MADE}"));
    let plan: Vec<(i64, i64, i64, String)> = sqlite.read(plan, &values).await.unwrap();
    let found = plan.iter().any(|(.., step)| step.contains(INDEX) && step.ends_with("workflow_id=?)"));
    assert!(found, "{plan:?}");

    let url = PostgreSql::shared().await.unwrap().database().await.unwrap();
    // One connection, so that its setting holds. With few rows, a scan costs least.
    let connections = NonZeroU32::MIN;
    let SqlStore(postgres) = PostgresStore::connect(&url.parse().unwrap(), connections).await.unwrap();
    sqlx::query("SET enable_seqscan = off").execute(postgres.readers().1).await.unwrap();
    let plan = AssertSqlSafe(format!("EXPLAIN {MADE}"));
    let plan: Vec<(String,)> = postgres.read(plan, &values).await.unwrap();
    let plan: Vec<_> = plan.into_iter().map(|(line,)| line).collect();
    assert!(plan.iter().any(|line| line.contains(INDEX)), "{plan:#?}");
    assert!(plan.iter().any(|line| line.contains("Index Cond") && line.contains("workflow_id")), "{plan:#?}");
}
