//! Group writes to SQLite: all statements that arrive while the disk is busy form the next transaction, with
//! one sync.

use std::io;

use sqlx::error::ErrorKind;
use sqlx::sqlite::{SqliteArguments, SqlitePool, SqliteRow};
use tokio::sync::{mpsc, oneshot};

/// Maximum number of statements in one transaction.
const MOST: usize = 128;

type Rows = Result<Vec<SqliteRow>, sqlx::Error>;
type Statement = (&'static str, SqliteArguments);

/// Sends statements to the one task that writes them.
#[derive(Debug)]
pub(crate) struct Group(mpsc::Sender<Asked>);

#[derive(Debug)]
struct Asked {
    /// Statements that are written in the same transaction.
    unit: Vec<Statement>,
    answer: oneshot::Sender<Rows>,
}

impl Group {
    /// Spawns the task. It ends when the group is dropped.
    pub(crate) fn new(writer: SqlitePool) -> Self {
        let (asked, mut received) = mpsc::channel(MOST);
        tokio::spawn(async move {
            let mut group = Vec::with_capacity(MOST);
            while received.recv_many(&mut group, MOST).await > 0 {
                let (answers, units): (Vec<_>, Vec<_>) =
                    group.drain(..).map(|Asked { unit, answer }| (answer, unit)).unzip();
                let rows = match write(&writer, units).await {
                    Ok(rows) => rows,
                    Err(error) => {
                        answers.iter().map(|_| Err(io::Error::other(error.to_string()).into())).collect()
                    }
                };
                for (answer, rows) in answers.into_iter().zip(rows) {
                    // The caller may be gone.
                    let _ = answer.send(rows);
                }
            }
        });
        Self(asked)
    }

    /// Writes statements in one transaction, and returns the `RETURNING` rows of the last once they are on the
    /// disk.
    pub(crate) async fn write(&self, unit: Vec<Statement>) -> Rows {
        let (answer, answered) = oneshot::channel();
        // If the task has ended, receiving fails below.
        let _ = self.0.send(Asked { unit, answer }).await;
        answered.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }
}

/// Writes units of statements, and returns the result of each. A statement that violates a constraint ends its
/// unit alone; any other failure affects all of them.
async fn write(writer: &SqlitePool, mut units: Vec<Vec<Statement>>) -> Result<Vec<Rows>, sqlx::Error> {
    // A single statement needs no explicit transaction.
    if let [unit] = &mut units[..]
        && unit.len() == 1
        && let Some((statement, arguments)) = unit.pop()
    {
        return Ok(vec![sqlx::query_with(statement, arguments).fetch_all(writer).await]);
    }
    let mut transaction = writer.begin().await?;
    let mut all = Vec::with_capacity(units.len());
    for unit in units {
        let mut last = Ok(Vec::new());
        for (statement, arguments) in unit {
            last = sqlx::query_with(statement, arguments).fetch_all(&mut *transaction).await;
            match &last {
                Ok(_) => {}
                Err(error) if breaks_constraint(error) => break,
                // SQLite may have ended the transaction; the next statement would then be outside of it.
                Err(_) => return last.map(|_| Vec::new()),
            }
        }
        all.push(last);
    }
    transaction.commit().await?;
    Ok(all)
}

fn breaks_constraint(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| !matches!(error.kind(), ErrorKind::Other))
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;
    use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
    use sqlx::{Row, Sqlite};

    use super::*;
    use crate::sql::{Value, arguments};

    #[tokio::test]
    async fn a_statement_that_breaks_a_constraint_fails_alone() {
        let options = SqliteConnectOptions::new().in_memory(true);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
        sqlx::query("CREATE TABLE sums (value INTEGER NOT NULL) STRICT").execute(&pool).await.unwrap();
        let group = Group::new(pool.clone());
        let insert = async |value: Option<i64>| {
            let values = arguments::<Sqlite>(&[Value::from(value)]).unwrap();
            let rows =
                group.write(vec![("INSERT INTO sums (value) VALUES ($1) RETURNING value", values)]).await;
            rows.ok().map(|rows| rows.iter().map(|row| row.get("value")).collect::<Vec<i64>>())
        };
        let written = join_all([Some(1), None, Some(2)].map(insert)).await;
        assert_eq!(written, [Some(vec![1]), None, Some(vec![2])]);
        let sum = sqlx::query("SELECT SUM(value) AS sum FROM sums").fetch_one(&pool).await.unwrap();
        assert_eq!(sum.get::<i64, _>("sum"), 3);
    }
}
