//! Whoever can write to the database can change the audit. Each such change is found.

use std::num::NonZeroU32;
use std::sync::Arc;

use bridge_core::model::EventObject;
use harness::{PostgreSql, eventually};
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};

use super::audit::{SOON, event, seal};
use bridge_store::{Database, DatabaseUrl, Fault, Seal, SealKey, Verify, VerifyKeys, open};

/// The database without the store. The folder of a file is deleted with it.
enum Raw {
    Sqlite { pool: SqlitePool, _folder: tempfile::TempDir },
    Postgres(PgPool),
}

impl Raw {
    /// Waits until every event can be sealed: transactions of other tests may be open.
    async fn ready(&self) {
        let Self::Postgres(pool) = self else { return };
        eventually(SOON, "all transactions have ended", async || {
            let ended = "SELECT pg_snapshot_xmin(pg_current_snapshot()) > MAX(xid) FROM audit_events";
            sqlx::query_scalar::<_, bool>(ended).fetch_one(pool).await.unwrap()
        })
        .await;
    }

    async fn run(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite { pool, .. } => drop(sqlx::raw_sql(sql).execute(pool).await.unwrap()),
            Self::Postgres(pool) => drop(sqlx::raw_sql(sql).execute(pool).await.unwrap()),
        }
    }
}

/// Returns an audit with three signed seals of three events each, on either database.
async fn audits() -> Vec<(Arc<dyn Database>, Raw, Vec<Seal>, Verify)> {
    let mut folder = Some(tempfile::tempdir().unwrap());
    let file = folder.as_ref().unwrap().path().join("bridge.db");
    let sqlite: DatabaseUrl = format!("sqlite://{}", file.display()).parse().unwrap();
    let postgres = PostgreSql::shared().await.unwrap().database().await.unwrap();
    let mut audits = Vec::new();
    for url in [sqlite, postgres.parse().unwrap()] {
        let database = open(&url, NonZeroU32::new(4).unwrap()).await.unwrap();
        let raw = match url {
            DatabaseUrl::Postgres(_) => Raw::Postgres(PgPool::connect(&postgres).await.unwrap()),
            _ => Raw::Sqlite {
                pool: SqlitePool::connect(&file.display().to_string()).await.unwrap(),
                _folder: folder.take().unwrap(),
            },
        };
        let text = SealKey::generate().unwrap();
        let key = SealKey::read(text.as_bytes()).unwrap();
        let mut seals = Vec::new();
        for batch in 0..3 {
            for place in 0..3 {
                database.record(&event("alice", "start", "a", batch * 3 + place)).await.unwrap();
            }
            raw.ready().await;
            // The connection of the last attempt may not have ended its transaction yet, which holds the lock of seals.
            let sealed = async || {
                let sealed = seal(&*database, Some(&key)).await;
                (!sealed.is_empty()).then_some(sealed)
            };
            seals.extend(eventually(SOON, "the events are sealed", sealed).await);
        }
        let keys = Some(VerifyKeys::read(text.as_bytes()).unwrap());
        let verify = Verify { keys, checkpoints: vec![seals[2].clone()] };
        audits.push((database, raw, seals, verify));
    }
    audits
}

/// Changes the audit by this statement, on either database, and returns what is found without a checkpoint.
async fn found(sql: &str) -> Vec<Result<(), Fault>> {
    let mut found = Vec::new();
    for (database, raw, _, verify) in audits().await {
        raw.run(sql).await;
        let verify = Verify { checkpoints: Vec::new(), ..verify };
        found.push(database.verify(&verify).await.unwrap().map(drop));
    }
    found
}

async fn assert_found(sql: &str, fault: Fault) {
    assert_eq!(found(sql).await, [Err(fault.clone()), Err(fault)], "{sql}");
}

/// Another document with its own hash, as a forger would write it.
fn forged() -> String {
    let mut forged = event("mallory", "start", "a", 4);
    forged.object = EventObject::intent(&super::dig("dig1").intent("b"));
    forged.document()
}

/// The statement that sets the document of an event, its hash and its columns.
async fn forge(database: &dyn Database, raw: &Raw, number: i64) {
    let mut forged = event("mallory", "start", "b", 4);
    forged.at = Timestamp::from_second(4).unwrap();
    database.record(&forged).await.unwrap();
    let columns = "actor, verb, object, outcome, document, leaf, at";
    raw.run(&format!(
        "UPDATE audit_events SET ({columns}) = (SELECT {columns} FROM audit_events WHERE number = 10)
         WHERE number = {number};
         DELETE FROM audit_events WHERE number = 10"
    ))
    .await;
}

#[tokio::test]
async fn an_edited_event_is_found() {
    let edited = Fault::Changed { number: 5, batch: 2 };
    let document = forged();
    for set in [
        format!("document = '{document}'"),
        "actor = 'mallory'".to_owned(),
        "verb = 'get'".to_owned(),
        "object = 'proj2'".to_owned(),
        "outcome = 'denied'".to_owned(),
        "at = at + 1".to_owned(),
    ] {
        assert_found(&format!("UPDATE audit_events SET {set} WHERE number = 5"), edited.clone()).await;
    }
    for (database, raw, _, verify) in audits().await {
        forge(&*database, &raw, 5).await;
        assert_eq!(database.verify(&verify).await.unwrap(), Err(edited.clone()));
    }
}

#[tokio::test]
async fn a_deleted_event_is_found() {
    for (number, place) in [(4, 1), (5, 2), (6, 3)] {
        let delete = format!("DELETE FROM audit_events WHERE number = {number}");
        assert_found(&delete, Fault::Missing { batch: 2, place, of: 3 }).await;
    }
    let batch = "DELETE FROM audit_events WHERE batch = 2";
    assert_found(batch, Fault::Missing { batch: 2, place: 1, of: 3 }).await;
    let as_expired =
        "DELETE FROM audit_events WHERE batch = 1; UPDATE audit_seals SET leaves = NULL WHERE number = 1";
    assert_found(as_expired, Fault::Deleted(1)).await;
    let in_the_middle =
        "DELETE FROM audit_events WHERE batch = 2; UPDATE audit_seals SET leaves = NULL WHERE number = 2";
    assert_found(in_the_middle, Fault::Deleted(2)).await;
}

#[tokio::test]
async fn an_inserted_event_is_found() {
    for (database, raw, _, verify) in audits().await {
        database.record(&event("mallory", "start", "a", 4)).await.unwrap();
        raw.run("UPDATE audit_events SET batch = 2 WHERE number = 10").await;
        let found = database.verify(&verify).await.unwrap();
        assert_eq!(found, Err(Fault::Inserted { number: 10, batch: 2 }));
    }
    // Into the middle of another batch.
    assert_found(
        "UPDATE audit_events SET batch = 1 WHERE number = 5",
        Fault::Inserted { number: 5, batch: 1 },
    )
    .await;
}

#[tokio::test]
async fn reordered_events_are_found() {
    let columns = "actor, verb, object, outcome, document, leaf, at";
    for (database, raw, _, verify) in audits().await {
        // By way of an event that does not exist before or afterwards.
        database.record(&event("alice", "start", "a", 99)).await.unwrap();
        for (to, from) in [(10, 4), (4, 6), (6, 10)] {
            raw.run(&format!(
                "UPDATE audit_events SET ({columns}) = (SELECT {columns} FROM audit_events WHERE number = {from})
                 WHERE number = {to}"
            ))
            .await;
        }
        raw.run("DELETE FROM audit_events WHERE number = 10").await;
        let found = database.verify(&verify).await.unwrap();
        assert_eq!(found, Err(Fault::Reordered { number: 4, batch: 2 }));
    }
}

#[tokio::test]
async fn a_changed_seal_is_found() {
    let next = "the next seal was made for another one";
    assert_found("DELETE FROM audit_seals WHERE number = 2", Fault::NoSeal(2)).await;
    assert_found("DELETE FROM audit_seals WHERE number = 1", Fault::NoSeal(1)).await;
    assert_found("UPDATE audit_seals SET signature = root WHERE number = 2", Fault::Forged(2)).await;
    let unsigned = "UPDATE audit_seals SET signature = NULL, key = NULL";
    assert_found(&format!("{unsigned} WHERE number = 2"), Fault::Forged(2)).await;
    assert_found(unsigned, Fault::Forged(3)).await;
    // With the keys, a changed seal has a wrong signature. Without, the next seal does not fit.
    let changed = "UPDATE audit_seals SET at = at + 1 WHERE number = 2";
    assert_found(changed, Fault::Forged(2)).await;
    for (database, raw, ..) in audits().await {
        raw.run(changed).await;
        let found = database.verify(&Verify::default()).await.unwrap();
        assert_eq!(found, Err(Fault::SealChanged(2, next)));
    }
    let root = "UPDATE audit_seals SET root = previous WHERE number = 3";
    assert_found(root, Fault::Forged(3)).await;
}

#[tokio::test]
async fn a_truncated_audit_is_found_by_a_checkpoint() {
    for (database, raw, _, verify) in audits().await {
        assert!(database.verify(&verify).await.unwrap().is_ok());
        raw.run("DELETE FROM audit_events WHERE batch = 3; DELETE FROM audit_seals WHERE number = 3").await;
        let without = Verify { checkpoints: Vec::new(), ..verify.clone() };
        assert!(database.verify(&without).await.unwrap().is_ok());
        let found = database.verify(&verify).await.unwrap();
        assert_eq!(found, Err(Fault::Truncated { last: 2, checkpoint: 3 }));
    }
}

#[tokio::test]
async fn a_rewritten_audit_is_found_by_a_checkpoint() {
    for (database, raw, _, verify) in audits().await {
        raw.run(
            "DELETE FROM audit_seals WHERE number = 3; UPDATE audit_events SET batch = NULL WHERE batch = 3",
        )
        .await;
        forge(&*database, &raw, 8).await;
        // By somebody without the key.
        raw.ready().await;
        let seals = seal(&*database, None).await;
        assert_eq!(seals.len(), 1);
        let without = Verify { keys: None, checkpoints: Vec::new() };
        assert!(database.verify(&without).await.unwrap().is_ok());
        let by_key = Verify { checkpoints: Vec::new(), ..verify.clone() };
        assert_eq!(database.verify(&by_key).await.unwrap(), Err(Fault::Forged(3)));
        let by_checkpoint = Verify { keys: None, ..verify };
        assert_eq!(database.verify(&by_checkpoint).await.unwrap(), Err(Fault::Rewritten(3)));
    }
}
