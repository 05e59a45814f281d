//! The events of the audit in SQL.

use async_trait::async_trait;
use audit_seals::Batch;
use bridge_core::model::{Event, EventOutcome};
use bridge_core::ports::{Audit, EventFilter, EventPlace, KeptEvent, StoreError};
use jiff::Timestamp;

use super::event_row::{EventRow, KeptRow, event_columns, insert_event};
use super::ledger::batches;
use super::{Sql, SqlStore};
use crate::error::failed;

/// Inserts an event, and returns its number.
const RECORD_ALONE: &str =
    concat!(insert_event!("$1", "$2", "$3", "$4", "$5", "$6", "$7"), " RETURNING number");

/// Selects events. `$first` is a condition that an index serves.
macro_rules! select_events {
    ($first:literal) => {
        concat!(
            "SELECT ",
            event_columns!(),
            " FROM audit_events WHERE ",
            $first,
            " AND at >= $5 AND at < $6 AND (at, number) < ($7, $8)
              AND ($1 IS NULL OR actor = $1) AND ($2 IS NULL OR verb = $2) AND ($4 IS NULL OR outcome = $4)
              AND ($3 IS NULL OR object = $3 OR (object > $3 || '/' AND object < $3 || '0'))
             ORDER BY at DESC, number DESC LIMIT $9"
        )
    };
}

#[async_trait]
impl<S: Sql> Audit for SqlStore<S> {
    async fn record(&self, event: &Event) -> Result<(), StoreError> {
        let row = EventRow::of(event);
        let _: Option<(i64,)> = self.write("write the audit", RECORD_ALONE, &row.values()).await?;
        Ok(())
    }

    async fn events(&self, filter: &EventFilter, limit: u32) -> Result<Vec<KeptEvent>, StoreError> {
        // The most selective part comes first.
        let statement = match filter {
            EventFilter { actor: Some(_), .. } => select_events!("actor = $1"),
            EventFilter { outcome: Some(_), .. } => select_events!("outcome = $4"),
            EventFilter { verb: Some(_), .. } => select_events!("verb = $2"),
            _ => select_events!("TRUE"),
        };
        let time = |time: Option<Timestamp>, other| time.map_or(other, Timestamp::as_microsecond);
        let after = filter.after.unwrap_or(EventPlace { at: i64::MAX, number: i64::MAX });
        let values = [
            filter.actor.as_deref().into(),
            filter.verb.as_deref().into(),
            filter.object.as_deref().into(),
            filter.outcome.map(EventOutcome::word).into(),
            time(filter.since, i64::MIN).into(),
            time(filter.until, i64::MAX).into(),
            after.at.into(),
            after.number.into(),
            i64::from(limit).into(),
        ];
        let rows: Vec<KeptRow> = self.read("read the audit", statement, &values).await?;
        rows.into_iter().map(KeptEvent::try_from).collect()
    }

    async fn batches(&self, after: i64, limit: u32) -> Result<Vec<Batch>, StoreError> {
        let read = async {
            // Retention may delete events between two statements.
            let mut transaction = self.0.readers().1.begin().await?;
            S::execute(&mut transaction, S::SNAPSHOT, &[]).await?;
            batches::<S>(&mut transaction, after, limit).await
        };
        read.await.map_err(failed("read the audit"))
    }
}
