//! The SQL of the ports, written once. SQLite and PostgreSQL accept the same statements, down to `$1`, and
//! each has a view `clock`. Their differences are in [`Sql`].

mod among;
mod intents;
mod start_row;
mod starts;

use async_trait::async_trait;
use bridge_core::model::IntentKey;
use bridge_core::ports::{PoolState, Store, StoreError};
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Arguments, Database, Encode, FromRow, Pool, SqlSafeStr, Type};

use crate::error::failed;
use crate::latest::Latest;
pub(crate) use starts::{BEGIN_ON_POSTGRES, BEGIN_ON_SQLITE};

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

    /// Executes a statement on a connection that writes, and returns the number of rows that were written.
    fn execute(
        connection: &mut <Self::Driver as Database>::Connection,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;

    /// Checks that the database can be written to, for readiness.
    fn probe(&self) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Checks that a write would not be lost.
    fn guard(&self) -> Result<(), sqlx::Error> {
        Ok(())
    }

    /// Returns the cache of latest revisions; `None` if another process may change them.
    fn latest(&self) -> Option<&Latest> {
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

    /// Executes two statements in one transaction. If the first one writes no row, nothing is written.
    /// Returns whether anything was written.
    async fn execute_both(
        &self,
        first: (&'static str, &[Value<'_>]),
        second: (&'static str, &[Value<'_>]),
    ) -> Result<bool, sqlx::Error> {
        self.0.guard()?;
        let mut transaction = self.0.writers().1.begin().await?;
        if S::execute(&mut *transaction, first.0, first.1).await? == 0 {
            return Ok(false);
        }
        S::execute(&mut *transaction, second.0, second.1).await?;
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

/// A type that can be read from a row of either database.
pub(crate) trait Record:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> Record for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// An argument of a statement.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    Text(Option<&'a str>),
    Integer(Option<i64>),
    Boolean(bool),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value<'_> {
    fn from(integer: i64) -> Self {
        Self::Integer(Some(integer))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(integer: Option<i64>) -> Self {
        Self::Integer(integer)
    }
}

impl From<bool> for Value<'_> {
    fn from(boolean: bool) -> Self {
        Self::Boolean(boolean)
    }
}

/// Converts the values to the arguments of the driver.
pub(crate) fn arguments<DB: Database>(values: &[Value<'_>]) -> Result<DB::Arguments, sqlx::Error>
where
    for<'q> Option<&'q str>: Encode<'q, DB> + Type<DB>,
    for<'q> Option<i64>: Encode<'q, DB> + Type<DB>,
    for<'q> bool: Encode<'q, DB> + Type<DB>,
{
    let mut arguments = DB::Arguments::default();
    for value in values {
        let added = match *value {
            Value::Text(text) => arguments.add(text),
            Value::Integer(integer) => arguments.add(integer),
            Value::Boolean(boolean) => arguments.add(boolean),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// Returns the values of a statement whose first five values are the key of an intent.
fn of_intent<'a>(key: &'a IntentKey, others: &[Value<'a>]) -> Vec<Value<'a>> {
    let dig = &key.dig;
    let names = [&dig.project, &dig.composite_app, &dig.version, &dig.dig, &key.name];
    let names = names.map(|name| Value::from(name.as_str()));
    [&names, others].concat()
}
