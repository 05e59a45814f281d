//! Many rows in one statement, and each caller told what became of its own.

use std::collections::HashMap;
use std::io;

use sqlx::SqliteConnection;
use sqlx::error::ErrorKind;
use tokio::sync::oneshot;

use crate::run::StartId;
use crate::storage::writer::Writer;

/// What a caller asks for, and where it is told what became of it.
#[derive(Debug)]
pub(super) struct Asked<W, T> {
    id: String,
    pub(super) work: W,
    answer: oneshot::Sender<Result<T, sqlx::Error>>,
}

impl<W, T> Asked<W, T> {
    /// With the end at which the caller waits.
    pub(super) fn new(id: &StartId, work: W) -> (Self, oneshot::Receiver<Result<T, sqlx::Error>>) {
        let (answer, answered) = oneshot::channel();
        (Self { id: id.to_string(), work, answer }, answered)
    }

    /// Whoever waited may have gone.
    fn tell(self, outcome: Result<T, sqlx::Error>) {
        let _ = self.answer.send(outcome);
    }
}

/// Writes all with one statement, which answers for each row that it wrote; the others are told the default. Where a row cannot
/// be written, each has a statement of its own, so that it is nobody else's failure; a database that cannot write is not
/// asked again for each.
pub(super) async fn put<W, T: Default>(
    asked: Vec<Asked<W, T>>,
    writer: &Writer,
    statement: impl AsyncFn(&mut SqliteConnection, &[&W]) -> Result<Vec<(String, T)>, sqlx::Error>,
) {
    if asked.is_empty() {
        return;
    }
    let mut writer = match writer.connection().await {
        Ok(writer) => writer,
        Err(error) => return tell_all(asked, &error),
    };
    let work: Vec<_> = asked.iter().map(|asked| &asked.work).collect();
    match statement(&mut writer, &work).await {
        Ok(done) => {
            let mut done: HashMap<_, _> = done.into_iter().collect();
            for asked in asked {
                let outcome = done.remove(&asked.id).unwrap_or_default();
                asked.tell(Ok(outcome));
            }
        }
        Err(error) if asked.len() > 1 && is_of_a_row(&error) => {
            for asked in asked {
                let alone = statement(&mut writer, &[&asked.work]).await;
                asked.tell(
                    alone.map(|done| done.into_iter().next().map(|(_, outcome)| outcome).unwrap_or_default()),
                );
            }
        }
        Err(error) => tell_all(asked, &error),
    }
}

fn tell_all<W, T>(asked: Vec<Asked<W, T>>, error: &sqlx::Error) {
    for asked in asked {
        asked.tell(Err(sqlx::Error::Io(io::Error::other(error.to_string()))));
    }
}

/// Whether what is to be written is at fault, and not the database.
fn is_of_a_row(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| !matches!(error.kind(), ErrorKind::Other))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use sqlx::Connection;

    use super::*;
    use crate::storage::SqliteStore;

    type Answers = Vec<oneshot::Receiver<Result<bool, sqlx::Error>>>;

    /// Rows that are to be inserted with these values, one of which no row may have.
    fn rows(values: &[Option<i64>]) -> (Vec<Asked<Option<i64>, bool>>, Answers) {
        values.iter().map(|value| Asked::new(&StartId::new(), *value)).unzip()
    }

    async fn insert(
        writer: &mut SqliteConnection,
        values: &[&Option<i64>],
    ) -> Result<Vec<(String, bool)>, sqlx::Error> {
        let mut transaction = writer.begin().await?;
        let mut done = Vec::new();
        for value in values {
            let insert = "INSERT INTO sums (value) VALUES ($1)";
            sqlx::query(insert).bind(**value).execute(&mut *transaction).await?;
            done.push((String::new(), true));
        }
        transaction.commit().await?;
        Ok(done)
    }

    #[tokio::test]
    async fn a_row_that_cannot_be_written_is_nobody_elses_failure() {
        let store = SqliteStore::in_memory().await.unwrap();
        sqlx::query("CREATE TABLE sums (value INTEGER NOT NULL)")
            .execute(&mut *store.writer().await.unwrap())
            .await
            .unwrap();
        let (asked, answers) = rows(&[Some(1), None, Some(2)]);
        put(asked, &store.starts().shared.writer, insert).await;
        let [Ok(Ok(true)), Ok(Err(refused)), Ok(Ok(true))] = &futures::future::join_all(answers).await[..]
        else {
            panic!("not the one alone")
        };
        assert!(refused.to_string().contains("NOT NULL"), "{refused}");
        let (sum,): (i64,) = sqlx::query_as("SELECT SUM(value) FROM sums")
            .fetch_one(&mut *store.writer().await.unwrap())
            .await
            .unwrap();
        assert_eq!(sum, 3);
    }

    #[tokio::test]
    async fn a_database_that_cannot_write_is_asked_once_for_all() {
        let store = SqliteStore::in_memory().await.unwrap();
        let (asked, answers) = rows(&[Some(1), Some(2), Some(3)]);
        let times = AtomicUsize::new(0);
        put(asked, &store.starts().shared.writer, async |_: &mut SqliteConnection, _: &[&Option<i64>]| {
            times.fetch_add(1, Ordering::Relaxed);
            Err::<Vec<(String, bool)>, _>(sqlx::Error::PoolTimedOut)
        })
        .await;
        for answer in answers {
            assert!(answer.await.unwrap().unwrap_err().to_string().contains("timed out"));
        }
        assert_eq!(times.into_inner(), 1);
    }
}
