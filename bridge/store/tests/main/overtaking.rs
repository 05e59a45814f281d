//! On PostgreSQL, an event can become visible after events with later numbers. No event is missed by the seals.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use bridge_core::ports::{Audit, IntentStore};
use harness::{PostgreSql, eventually};
use jiff::Timestamp;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};

use super::audit::{SOON, event, seal};
use super::dig;
use super::intents::created;
use bridge_store::{Ledger, PostgresStore, Report, SealKey, Verify, VerifyKeys};

async fn database() -> (String, PgPool) {
    let url = PostgreSql::shared().await.unwrap().database().await.unwrap();
    let pool = PgPoolOptions::new().max_connections(8).connect(&url).await.unwrap();
    (url, pool)
}

async fn store(url: &str) -> PostgresStore {
    PostgresStore::connect(&url.parse().unwrap(), NonZeroU32::new(16).unwrap()).await.unwrap()
}

/// Writes an event as the store does.
async fn write(connection: &mut PgConnection, actor: &str) {
    let event = event(actor, "start", "a", 1);
    let document = event.document();
    let sql = format!(
        "INSERT INTO audit_events (at, actor, verb, object, outcome, document, leaf)
         VALUES (1000000, '{actor}', 'start', '{}', 'succeeded', '{document}',
             sha256('\\x00'::bytea || convert_to('{document}', 'UTF8')))",
        event.object.path()
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

/// Begins a transaction that has written an event.
async fn slow(pool: &PgPool, actor: &str) -> Transaction<'static, Postgres> {
    let mut transaction = pool.begin().await.unwrap();
    write(&mut transaction, actor).await;
    transaction
}

#[tokio::test]
async fn an_event_is_sealed_only_when_none_can_come_before_it() {
    let (url, pool) = database().await;
    let store = store(&url).await;
    store.record(&event("early", "start", "a", 1)).await.unwrap();
    let open = slow(&pool, "slow").await;
    store.record(&event("late", "start", "a", 1)).await.unwrap();
    // Another database's transactions may be open as well.
    let sealed =
        eventually(SOON, "the first event is sealed", async || match seal(&store, None).await.as_slice() {
            [seal] => Ok(seal.events),
            seals => Err(seals.len()),
        })
        .await;
    assert_eq!(sealed, 1);
    assert!(seal(&store, None).await.is_empty());
    open.commit().await.unwrap();
    eventually(SOON, "the others are sealed", async || {
        seal(&store, None).await;
        let report = store.verify(&Verify::default()).await.unwrap().unwrap();
        if report.events == 3 { Ok(()) } else { Err(report.events) }
    })
    .await;
}

/// A database that was copied to another server has transaction numbers that the new server has not reached.
#[tokio::test]
async fn events_of_another_server_are_sealed() {
    let (url, pool) = database().await;
    let store = store(&url).await;
    store.record(&event("alice", "start", "a", 1)).await.unwrap();
    sqlx::query("UPDATE audit_events SET xid = '1000000000000'::xid8").execute(&pool).await.unwrap();
    eventually(SOON, "it is sealed", async || seal(&store, None).await.len() == 1).await;
}

/// Two replicas write as much as they can for some seconds, next to slow transactions, while sealers are killed.
#[tokio::test]
async fn nothing_is_missed_under_load() {
    const REPLICAS: usize = 2;
    const WRITERS: i64 = 8;
    const LOAD: Duration = Duration::from_secs(6);
    let (url, pool) = database().await;
    let text = SealKey::generate().unwrap();
    let key = Arc::new(SealKey::read(text.as_bytes()).unwrap());
    let (ends, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicI64::new(0)));
    // Sealers have connections of their own. One may have let go of the lock when it is killed, and be used again.
    let (mut replicas, mut sealing) = (Vec::new(), Vec::new());
    for _ in 0..REPLICAS {
        replicas.push(Arc::new(store(&url).await));
        sealing.push(Arc::new(store(&url).await));
    }
    let mut load = Vec::new();
    for (replica, writer) in
        (0..REPLICAS).flat_map(|replica| (0..WRITERS).map(move |writer| (replica, writer)))
    {
        let (store, ends, written) =
            (Arc::clone(&replicas[replica]), Arc::clone(&ends), Arc::clone(&written));
        load.push(tokio::spawn(async move {
            let mut number = 0;
            while !ends.load(Ordering::Relaxed) {
                let name = format!("i-{replica}-{writer}-{number}");
                let key = dig("dig1").intent(name.as_str());
                let event = event("alice", "create", &name, number);
                assert!(store.add_revision(&key, &created(&name), Some(&event)).await.unwrap());
                written.fetch_add(1, Ordering::Relaxed);
                number += 1;
            }
        }));
    }
    for actor in ["slow1", "slow2"] {
        let (pool, ends, written) = (pool.clone(), Arc::clone(&ends), Arc::clone(&written));
        load.push(tokio::spawn(async move {
            while !ends.load(Ordering::Relaxed) {
                let mut open = slow(&pool, actor).await;
                sqlx::query("SELECT pg_sleep(0.7)").execute(&mut *open).await.unwrap();
                write(&mut open, actor).await;
                open.commit().await.unwrap();
                written.fetch_add(2, Ordering::Relaxed);
            }
        }));
    }
    let (begun, mut killed) = (Instant::now(), 0);
    while begun.elapsed() < LOAD {
        let sealers = sealing.iter().map(|store| {
            let (store, key) = (Arc::clone(store), Arc::clone(&key));
            tokio::spawn(async move { seal_if_possible(&store, &key).await })
        });
        let sealers: Vec<_> = sealers.collect();
        // The server ends the session that holds the lock, in the middle of its batch.
        let ended: Vec<(bool,)> = sqlx::query_as(
            "SELECT pg_terminate_backend(pid) FROM pg_locks
             WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        .fetch_all(&pool)
        .await
        .unwrap();
        killed += ended.len();
        for sealer in sealers {
            sealer.abort();
            let _ = sealer.await;
        }
        seal_if_possible(&sealing[0], &key).await;
    }
    ends.store(true, Ordering::Relaxed);
    for writer in load {
        writer.await.unwrap();
    }
    let (ended, written) = (Instant::now(), written.load(Ordering::Relaxed));
    let keys = Some(VerifyKeys::read(text.as_bytes()).unwrap());
    let verify = Verify { keys, checkpoints: Vec::new() };
    let report = eventually(Duration::from_secs(5), "nothing is unsealed", async || {
        seal(&*replicas[1], Some(&key)).await;
        let report = replicas[0].verify(&verify).await.unwrap().unwrap();
        if report.unsealed == 0 { Ok(report) } else { Err(report.unsealed) }
    })
    .await;
    let Report { events, seals, signed, .. } = report;
    eprintln!(
        "{} changes a second; {killed} sealers killed; {seals} seals; sealed {:?} after the last transaction",
        written / i64::try_from(LOAD.as_secs()).unwrap(),
        ended.elapsed()
    );
    assert_eq!((events, signed), (written, seals));
    assert!(killed > 0);
}

/// Seals, unless the session is killed.
async fn seal_if_possible(store: &PostgresStore, key: &SealKey) {
    let now = Timestamp::from_second(100).unwrap();
    for _ in 0..3 {
        let _ = store.seal(Some(key), now).await;
    }
}
