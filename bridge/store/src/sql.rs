//! The SQL of the ports, written once. SQLite and PostgreSQL accept the same statements, down to `$1`, and
//! each has a view `clock`. Their differences are in [`Sql`].

mod intents;
mod start_row;
mod starts;

use bridge_core::model::IntentKey;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Arguments, Database, Encode, FromRow, Type};

use crate::latest::Latest;
pub(crate) use starts::{BEGIN_ON_POSTGRES, BEGIN_ON_SQLITE};

/// A store on a database that accepts the statements.
#[derive(Debug)]
pub struct SqlStore<S>(pub(crate) S);

/// A database that accepts the statements. When a call returns, its writes are durable, even after a power
/// failure.
pub(crate) trait Sql: Send + Sync {
    /// The statement that records a start.
    const BEGIN: &'static str;

    /// Returns the rows of a query.
    fn read<R: Record>(
        &self,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Vec<R>, sqlx::Error>> + Send;

    /// Executes a statement that writes, and returns its `RETURNING` rows.
    fn write<R: Record>(
        &self,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Vec<R>, sqlx::Error>> + Send;

    /// Executes a statement that writes, and returns the number of rows that were written.
    fn execute(
        &self,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;

    /// Executes two statements in one transaction. If the first one writes no row, nothing is written.
    /// Returns whether anything was written.
    fn execute_both(
        &self,
        first: (&'static str, &[Value<'_>]),
        second: (&'static str, &[Value<'_>]),
    ) -> impl Future<Output = Result<bool, sqlx::Error>> + Send;

    /// Returns the cache of latest revisions; `None` if another process may change them.
    fn latest(&self) -> Option<&Latest> {
        None
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
