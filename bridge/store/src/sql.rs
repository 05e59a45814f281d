//! The SQL of the ports, written once. SQLite and PostgreSQL accept the same statements, down to `$1`, and
//! each has a view `clock`. Their differences are in [`Sql`].

mod alarms;
mod among;
mod deliveries;
mod documents;
mod event_row;
mod events;
mod intents;
mod ledger;
mod observations;
#[cfg(test)]
mod plans;
mod rules;
mod seal_row;
mod search;
mod sessions;
mod start_row;
mod starts;
mod value;

use async_trait::async_trait;
use bridge_core::model::{Event, IntentKey};
use bridge_core::ports::{PoolState, Store, StoreError};
use sqlx::{Database, Pool, SqlSafeStr};

use crate::error::failed;
use crate::latest::Caches;
pub(crate) use event_row::{EventRow, RECORD};
pub(crate) use ledger::{SEAL_ON_POSTGRES, SEAL_ON_SQLITE};
pub(crate) use starts::{BEGIN_ON_POSTGRES, BEGIN_ON_SQLITE, SETTLE_ON_POSTGRES, SETTLE_ON_SQLITE};
pub(crate) use value::{Record, Value, arguments};

/// A store on a database that accepts the statements.
#[derive(Debug)]
pub struct SqlStore<S>(pub(crate) S);

/// A database that accepts the statements. When a call returns, its writes are durable, even after a power
/// failure.
pub(crate) trait Sql: std::fmt::Debug + Send + Sync {
    /// Its driver.
    type Driver: Database;
    /// The statement that records a start.
    const BEGIN: &'static str;
    /// The statement that settles a start.
    const SETTLE: &'static str;
    /// The statement that puts events into a batch: those that no open transaction can precede any more.
    const SEAL: &'static str;
    /// A query whose result is whether this process may seal, until its transaction ends.
    const SEALS: &'static str;
    /// The statement after which a transaction reads one state of the database.
    const SNAPSHOT: &'static str;

    /// Returns the connections that read, and their name in metrics.
    fn readers(&self) -> (&'static str, &Pool<Self::Driver>);

    /// Returns the connections that write, and their name in metrics.
    fn writers(&self) -> (&'static str, &Pool<Self::Driver>);

    /// Returns the rows of a query.
    fn read<R: Record>(
        &self,
        statement: impl SqlSafeStr + Send,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Vec<R>, sqlx::Error>> + Send;

    /// Executes a statement that writes, and returns its `RETURNING` rows.
    fn write<R: Record>(
        &self,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Vec<R>, sqlx::Error>> + Send;

    /// Executes [`BEGIN`](Self::BEGIN) or [`SETTLE`](Self::SETTLE), and writes an event in the same
    /// transaction. Returns the `RETURNING` rows of the statement.
    fn write_with<R: Record>(
        &self,
        event: Option<&EventRow>,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Vec<R>, sqlx::Error>> + Send;

    /// Executes a statement on a connection, and returns its rows.
    fn fetch<R: Record>(
        connection: &mut <Self::Driver as Database>::Connection,
        statement: impl SqlSafeStr + Send,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Vec<R>, sqlx::Error>> + Send;

    /// Executes a statement on a connection that writes, and returns the number of rows that were written.
    fn execute(
        connection: &mut <Self::Driver as Database>::Connection,
        statement: impl SqlSafeStr + Send,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;

    /// Checks that the database can be written to, for readiness.
    fn probe(&self) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Checks that a write would not be lost.
    fn guard(&self) -> Result<(), sqlx::Error> {
        Ok(())
    }

    /// Returns the caches; `None` if another process may change what they hold.
    fn caches(&self) -> Option<&Caches> {
        None
    }
}

#[expect(private_bounds, reason = "nobody else calls these functions")]
impl<S: Sql> SqlStore<S> {
    /// Returns the rows of a query.
    async fn read<R: Record>(
        &self,
        action: &'static str,
        statement: impl SqlSafeStr + Send,
        values: &[Value<'_>],
    ) -> Result<Vec<R>, StoreError> {
        self.0.read(statement, values).await.map_err(failed(action))
    }

    /// Executes a statement that writes, and returns the first of its `RETURNING` rows.
    async fn write<R: Record>(
        &self,
        action: &'static str,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<R>, StoreError> {
        let rows = async {
            self.0.guard()?;
            self.0.write(statement, values).await
        };
        Ok(rows.await.map_err(failed(action))?.into_iter().next())
    }

    /// Executes [`Sql::BEGIN`] or [`Sql::SETTLE`] together with an event, and returns the first of its rows.
    async fn write_with<R: Record>(
        &self,
        action: &'static str,
        event: Option<&Event>,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<R>, StoreError> {
        let event = event.map(EventRow::of);
        let rows = async {
            self.0.guard()?;
            self.0.write_with(event.as_ref(), statement, values).await
        };
        Ok(rows.await.map_err(failed(action))?.into_iter().next())
    }

    /// Executes a statement that writes, and returns the number of rows that were written.
    async fn execute(
        &self,
        action: &'static str,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        let written = async {
            self.0.guard()?;
            let mut connection = self.0.writers().1.acquire().await?;
            S::execute(&mut connection, statement, values).await
        };
        written.await.map_err(failed(action))
    }

    /// Executes two statements in one transaction, and writes an event. If the first statement writes no row,
    /// nothing is written. Returns whether anything was written.
    async fn execute_both(
        &self,
        first: (&'static str, &[Value<'_>]),
        second: (&'static str, &[Value<'_>]),
        event: Option<&Event>,
    ) -> Result<bool, sqlx::Error> {
        self.0.guard()?;
        let mut transaction = self.0.writers().1.begin().await?;
        if S::execute(&mut *transaction, first.0, first.1).await? == 0 {
            return Ok(false);
        }
        S::execute(&mut *transaction, second.0, second.1).await?;
        if let Some(event) = event.map(EventRow::of) {
            S::execute(&mut *transaction, RECORD, &event.values()).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }
}

#[async_trait]
impl<S: Sql> Store for SqlStore<S> {
    async fn ping(&self) -> Result<(), StoreError> {
        self.read::<(String,)>("answer", "SELECT name FROM intents LIMIT 1", &[]).await?;
        self.0.guard().map_err(failed("be used"))?;
        self.0.probe().await.map_err(failed("write"))
    }

    async fn installation(&self) -> Result<String, StoreError> {
        let rows: Vec<(String,)> = self.read("be read", "SELECT id FROM installation", &[]).await?;
        Ok(rows.into_iter().next().map(|(id,)| id).unwrap_or_default())
    }

    fn pools(&self) -> Vec<PoolState> {
        let mut pools = vec![self.0.writers(), self.0.readers()];
        pools.dedup_by_key(|(name, _)| *name);
        let states = pools.into_iter().map(|(name, pool)| {
            let (open, idle) = (usize::try_from(pool.size()).unwrap_or(usize::MAX), pool.num_idle());
            PoolState { name, busy: open.saturating_sub(idle), idle }
        });
        states.collect()
    }

    async fn close(&self) {
        // Readers first: the last connection that closes merges SQLite's write-ahead log into the file.
        self.0.readers().1.close().await;
        self.0.writers().1.close().await;
    }
}

/// Returns the values of a statement whose first five values are the key of an intent.
fn of_intent<'a>(key: &'a IntentKey, others: &[Value<'a>]) -> Vec<Value<'a>> {
    let dig = &key.dig;
    let names = [&dig.project, &dig.composite_app, &dig.version, &dig.dig, &key.name];
    let names = names.map(|name| Value::from(name.as_str()));
    [&names, others].concat()
}
