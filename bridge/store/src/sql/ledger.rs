//! Seals of the audit in SQL, and what is done with sealed events.

use async_trait::async_trait;
use audit_seals::{
    Batch, EXPIRE, Fault, Hash, KeptEvent, Report, Seal, SealKey, SealedEvent, Verifier, Verify,
};
use bridge_core::model::{Event, EventObject};
use bridge_core::ports::StoreError;
use jiff::Timestamp;
use sqlx::Database;

use super::event_row::{EventRow, KeptRow, RECORD, event_columns};
use super::seal_row::SealRow;
use super::{Sql, SqlStore, Value};
use crate::error::failed;
use crate::ledger::{Exported, Ledger};

/// Maximum number of events in a batch.
const BATCH: i64 = 1000;
/// How many batches are deleted in one transaction.
const EXPIRED: i64 = 1000;
/// How many seals are read at once. Each has up to 32 KB of hashes.
const SEALS_PAGE: i64 = 100;

/// Puts the next events into a batch. `$ended` is the condition that no event can still get a place among them.
macro_rules! seal {
    ($ended:literal) => {
        concat!(
            "UPDATE audit_events SET batch = $1 WHERE number IN (
                SELECT number FROM audit_events WHERE batch IS NULL AND ",
            $ended,
            " ORDER BY number LIMIT $2)
             RETURNING number, leaf"
        )
    };
}

/// SQLite has one writer, so events become visible in the order of their numbers.
pub(crate) const SEAL_ON_SQLITE: &str = seal!("TRUE");

/// All transactions below the snapshot's minimum have ended. A transaction that the snapshot cannot know, and whose
/// event is visible nevertheless, is of another server, whose data was copied here.
pub(crate) const SEAL_ON_POSTGRES: &str = seal!(
    "(xid < pg_snapshot_xmin(pg_current_snapshot()) OR xid >= pg_snapshot_xmax(pg_current_snapshot()))"
);

macro_rules! seal_columns {
    () => {
        "number, events, at, root, previous, key, signature, leaves"
    };
}

const NEWEST: &str = concat!("SELECT ", seal_columns!(), " FROM audit_seals ORDER BY number DESC LIMIT 1");

type Connection<S> = <<S as Sql>::Driver as Database>::Connection;

#[async_trait]
impl<S: Sql> Ledger for SqlStore<S> {
    async fn seal(&self, key: Option<&SealKey>, now: Timestamp) -> Result<Option<Seal>, StoreError> {
        let seal = async {
            self.0.guard()?;
            let mut transaction = self.0.writers().1.begin().await?;
            if !seals::<S>(&mut transaction).await? {
                return Ok(None);
            }
            let last = S::fetch::<SealRow>(&mut transaction, NEWEST, &[]).await?;
            let last = last.first().map(SealRow::seal);
            let number = last.as_ref().map_or(0, |last| last.number) + 1;
            let values = [number.into(), BATCH.into()];
            let mut batch: Vec<(i64, Vec<u8>)> = S::fetch(&mut transaction, S::SEAL, &values).await?;
            if batch.is_empty() {
                return Ok(None);
            }
            batch.sort_unstable();
            let leaves: Vec<u8> = batch.into_iter().flat_map(|(_, leaf)| leaf).collect();
            // A leaf that is too short or too long is found when the audit is verified.
            let seal = Seal::new(last.as_ref(), leaves.as_chunks().0, now, key);
            insert::<S>(&mut transaction, &seal, &leaves).await?;
            transaction.commit().await?;
            Ok(Some(seal))
        };
        seal.await.map_err(failed("seal the audit"))
    }

    async fn newest_seal(&self) -> Result<Option<Seal>, StoreError> {
        let rows: Vec<SealRow> = self.read("read the newest seal of the audit", NEWEST, &[]).await?;
        Ok(rows.first().map(SealRow::seal))
    }

    async fn expire(&self, before: Timestamp, now: Timestamp) -> Result<Option<i64>, StoreError> {
        let expire = async {
            self.0.guard()?;
            let mut transaction = self.0.writers().1.begin().await?;
            if !seals::<S>(&mut transaction).await? {
                return Ok(None);
            }
            let last = "SELECT MAX(number) FROM (
                 SELECT number FROM audit_seals WHERE leaves IS NOT NULL AND at < $1 ORDER BY number LIMIT $2) AS old";
            let values = [before.as_microsecond().into(), EXPIRED.into()];
            let last: Vec<(Option<i64>,)> = S::fetch(&mut transaction, last, &values).await?;
            let Some(&(Some(last),)) = last.first() else { return Ok(None) };
            let delete = "DELETE FROM audit_events WHERE batch <= $1";
            S::execute(&mut transaction, delete, &[last.into()]).await?;
            let forget = "UPDATE audit_seals SET leaves = NULL WHERE number <= $1 AND leaves IS NOT NULL";
            S::execute(&mut transaction, forget, &[last.into()]).await?;
            let object = EventObject { through_batch: Some(last), ..EventObject::default() };
            let event = EventRow::of(&Event::of_the_bridge(EXPIRE, object, now));
            S::execute(&mut transaction, RECORD, &event.values()).await?;
            transaction.commit().await?;
            Ok(Some(last))
        };
        expire.await.map_err(failed("delete old events of the audit"))
    }

    async fn verify(&self, verify: &Verify) -> Result<Result<Report, Fault>, StoreError> {
        let found = async {
            let mut transaction = self.0.readers().1.begin().await?;
            S::execute(&mut transaction, S::SNAPSHOT, &[]).await?;
            walk::<S>(&mut transaction, verify).await
        };
        found.await.map_err(failed("read the audit"))
    }

    async fn export(&self, after: i64, limit: u32) -> Result<Vec<Exported>, StoreError> {
        let statement = "SELECT number, batch, document FROM audit_events
             WHERE number > $1 ORDER BY number LIMIT $2";
        self.read("read the audit", statement, &[after.into(), i64::from(limit).into()]).await
    }
}

/// Returns whether this transaction may write seals. No other one may until it ends.
async fn seals<S: Sql>(connection: &mut Connection<S>) -> Result<bool, sqlx::Error> {
    let rows: Vec<(bool,)> = S::fetch(connection, S::SEALS, &[]).await?;
    Ok(rows.first().is_some_and(|(seals,)| *seals))
}

async fn insert<S: Sql>(
    connection: &mut Connection<S>,
    seal: &Seal,
    leaves: &[u8],
) -> Result<(), sqlx::Error> {
    let statement =
        concat!("INSERT INTO audit_seals (", seal_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    let bytes = |text: &str| hex::decode(text).unwrap_or_default();
    let (root, previous) = (bytes(&seal.root), bytes(&seal.previous));
    let signature = seal.signature.as_deref().map(bytes);
    let values: [Value<'_>; 8] = [
        seal.number.into(),
        seal.events.into(),
        seal.at.as_microsecond().into(),
        root.as_slice().into(),
        previous.as_slice().into(),
        seal.key.as_deref().into(),
        signature.as_deref().into(),
        leaves.into(),
    ];
    S::execute(connection, statement, &values).await?;
    Ok(())
}

/// Reads all seals and events in order, and verifies them.
async fn walk<S: Sql>(
    connection: &mut Connection<S>,
    verify: &Verify,
) -> Result<Result<Report, Fault>, sqlx::Error> {
    let mut verifier = Verifier::new(verify);
    let mut after = i64::MIN;
    loop {
        let rows = seals_after::<S>(connection, after, SEALS_PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = last.seal().number;
        for row in rows {
            let seal = row.seal();
            let events = events_of::<S>(connection, seal.number).await?;
            let events: Vec<_> = events.into_iter().map(KeptEvent::from).collect();
            let leaves: Option<Vec<Hash>> = row.leaves.map(|leaves| leaves.as_chunks().0.to_vec());
            if let Err(fault) = verifier.batch(seal, leaves.as_deref(), &events) {
                return Ok(Err(fault));
            }
        }
    }
    let unsealed = concat!(
        "SELECT ",
        event_columns!(),
        " FROM audit_events
         WHERE (batch IS NULL OR batch NOT IN (SELECT number FROM audit_seals)) AND number > $1
         ORDER BY number LIMIT $2"
    );
    let mut after = i64::MIN;
    loop {
        let rows: Vec<KeptRow> = S::fetch(connection, unsealed, &[after.into(), BATCH.into()]).await?;
        let Some(last) = rows.last() else { return Ok(verifier.end()) };
        after = last.number;
        let events: Vec<_> = rows.into_iter().map(KeptEvent::from).collect();
        if let Err(fault) = verifier.unsealed(&events) {
            return Ok(Err(fault));
        }
    }
}

/// Reads the next sealed batches, as they are kept.
pub(super) async fn batches<S: Sql>(
    connection: &mut Connection<S>,
    after: i64,
    limit: u32,
) -> Result<Vec<Batch>, sqlx::Error> {
    let mut batches = Vec::new();
    for row in seals_after::<S>(connection, after, limit.into()).await? {
        let seal = row.seal();
        let events = events_of::<S>(connection, seal.number).await?;
        let sealed = |KeptRow { number, document, .. }| SealedEvent { number, document };
        let leaves = row.leaves.map(|leaves| leaves.chunks(size_of::<Hash>()).map(hex::encode).collect());
        batches.push(Batch { seal, leaves, events: events.into_iter().map(sealed).collect() });
    }
    Ok(batches)
}

async fn seals_after<S: Sql>(
    connection: &mut Connection<S>,
    after: i64,
    limit: i64,
) -> Result<Vec<SealRow>, sqlx::Error> {
    let seals =
        concat!("SELECT ", seal_columns!(), " FROM audit_seals WHERE number > $1 ORDER BY number LIMIT $2");
    S::fetch(connection, seals, &[after.into(), limit.into()]).await
}

async fn events_of<S: Sql>(connection: &mut Connection<S>, batch: i64) -> Result<Vec<KeptRow>, sqlx::Error> {
    let events = concat!("SELECT ", event_columns!(), " FROM audit_events WHERE batch = $1 ORDER BY number");
    S::fetch(connection, events, &[batch.into()]).await
}
