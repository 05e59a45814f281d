//! Starts put on record, and settled, several at once, on SQLite.
//!
//! SQLite has one writer, and each statement costs two threads a switch, a commit a sync of the disk. So one task writes: what comes
//! while it is at work is one statement then, however much that is, and one sync (a group commit).

mod rows;

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::SqlitePool;
use sqlx::error::ErrorKind;
use tokio::sync::oneshot;

use self::rows::{Numbered, begin, begin_row, settle, settle_row};
use crate::run::Run;
use crate::storage::Terms;

/// So much is written at once, at most.
const MOST: usize = 128;

/// Writes what several callers ask for.
#[derive(Debug)]
pub(in crate::storage) struct Group {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Of one connection.
    writer: SqlitePool,
    queue: Mutex<Queue>,
}

/// What is still to be written. It needs no bound: a caller has one place in it for a start, and then one for what came of it.
#[derive(Debug, Default)]
struct Queue {
    asked: Vec<Asked>,
    /// How many settlements are not written, in here or on their way.
    unsettled: usize,
    /// Whether a task is at it.
    at_work: bool,
}

/// What a caller asks for.
#[derive(Debug)]
enum Asked {
    Begin(Row<Option<Numbered>>),
    Settle(Row<bool>),
    /// To be told when all that came before is settled.
    Pass(oneshot::Sender<()>),
}

/// A row to be written, and who waits for it.
#[derive(Debug)]
struct Row<T> {
    id: String,
    /// The row as a JSON object.
    values: String,
    answer: oneshot::Sender<Result<T, sqlx::Error>>,
}

impl Group {
    /// Writes over this pool, of one connection.
    pub(in crate::storage) fn new(writer: SqlitePool) -> Self {
        Self { shared: Arc::new(Shared { writer, queue: Mutex::default() }) }
    }

    /// Puts a start on record; `None` where its key is on record.
    pub(super) async fn begin(
        &self,
        run: &Run,
        spec: &str,
        terms: Terms,
    ) -> Result<Option<Numbered>, sqlx::Error> {
        self.ask(run, begin_row(run, spec, terms), Asked::Begin).await
    }

    /// Settles a start, whether the future is awaited or not; false where somebody else has, or has taken it over.
    pub(super) fn settle(&self, run: &Run) -> impl Future<Output = Result<bool, sqlx::Error>> + Send + use<> {
        self.ask(run, settle_row(run), Asked::Settle)
    }

    /// Ends when all settlements are written that were asked for before.
    pub(super) async fn written(&self) {
        let passed = {
            let mut queue = self.shared.queue();
            if queue.unsettled == 0 {
                return;
            }
            let (pass, passed) = oneshot::channel();
            queue.asked.push(Asked::Pass(pass));
            passed
        };
        // Where nobody writes any more there is nothing to wait for.
        let _ = passed.await;
    }

    fn ask<T: Send, K: FnOnce(Row<T>) -> Asked>(
        &self,
        run: &Run,
        values: Result<String, sqlx::Error>,
        kind: K,
    ) -> impl Future<Output = Result<T, sqlx::Error>> + Send + use<T, K> {
        let (answer, answered) = oneshot::channel();
        let asked = values.map(|values| {
            self.shared.push(kind(Row { id: run.id.to_string(), values, answer }));
        });
        async move {
            asked?;
            answered.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
        }
    }
}

impl Shared {
    /// No code panics while it holds the lock.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has it written, by a task on the caller's own thread unless one is at it.
    fn push(self: &Arc<Self>, asked: Asked) {
        let at_work = {
            let mut queue = self.queue();
            queue.unsettled += usize::from(matches!(asked, Asked::Settle(_)));
            queue.asked.push(asked);
            std::mem::replace(&mut queue.at_work, true)
        };
        // Not under the lock: a runtime that ends drops the task at once, which takes it.
        if !at_work {
            tokio::spawn(AtWork(Arc::clone(self)).write());
        }
    }
}

/// The task that writes.
struct AtWork(Arc<Shared>);

impl AtWork {
    /// Writes what is asked for until nothing is left.
    async fn write(self) {
        loop {
            let asked: Vec<_> = {
                let mut queue = self.0.queue();
                let many = queue.asked.len().min(MOST);
                queue.asked.drain(..many).collect()
            };
            if asked.is_empty() && self.is_done() {
                return;
            }
            self.put_all(asked).await;
        }
    }

    /// Whether nothing has come since.
    fn is_done(&self) -> bool {
        let mut queue = self.0.queue();
        let is_done = queue.asked.is_empty();
        queue.at_work = !is_done;
        is_done
    }

    async fn put_all(&self, mut asked: Vec<Asked>) {
        while !asked.is_empty() {
            let (mut begins, mut settles, mut passes) = (Vec::new(), Vec::new(), Vec::new());
            let (mut ids, mut later) = (HashSet::new(), Vec::new());
            for asked in asked.drain(..) {
                match asked {
                    // In the order in which it came.
                    asked if !later.is_empty() => later.push(asked),
                    Asked::Begin(row) => begins.push(row),
                    // Of a start that is settled twice, the first caller has settled it.
                    Asked::Settle(row) if ids.contains(&row.id) => later.push(Asked::Settle(row)),
                    Asked::Settle(row) => {
                        ids.insert(row.id.clone());
                        settles.push(row);
                    }
                    Asked::Pass(pass) => passes.push(pass),
                }
            }
            let settled = settles.len();
            put(settles, &self.0.writer, settle).await;
            self.0.queue().unsettled -= settled;
            for pass in passes {
                // Whoever waited may have gone.
                let _ = pass.send(());
            }
            put(begins, &self.0.writer, begin).await;
            asked = later;
        }
    }
}

/// Where the runtime ends before the work, what waits is told by its channel.
impl Drop for AtWork {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        if std::mem::take(&mut queue.at_work) {
            *queue = Queue::default();
        }
    }
}

/// Writes rows as one statement, and answers each. Where one of them cannot be written, each has a statement of its own, so that it is
/// nobody else's failure; a database that cannot write is not asked again for each.
async fn put<T: Default>(
    rows: Vec<Row<T>>,
    writer: &SqlitePool,
    statement: impl AsyncFn(&SqlitePool, String) -> Result<HashMap<String, T>, sqlx::Error>,
) {
    if rows.is_empty() {
        return;
    }
    match statement(writer, array(&rows)).await {
        Ok(done) => answer(rows, done),
        Err(error) if rows.len() > 1 && is_of_a_row(&error) => {
            for row in rows {
                let alone = vec![row];
                match statement(writer, array(&alone)).await {
                    Ok(done) => answer(alone, done),
                    Err(error) => refuse(alone, &error),
                }
            }
        }
        Err(error) => refuse(rows, &error),
    }
}

/// Whether what is to be written is at fault, and not the database.
fn is_of_a_row(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| !matches!(error.kind(), ErrorKind::Other))
}

/// Tells each who waits why its row was not written.
fn refuse<T>(rows: Vec<Row<T>>, error: &sqlx::Error) {
    for row in rows {
        row.tell(Err(sqlx::Error::Io(io::Error::other(error.to_string()))));
    }
}

fn array<T>(rows: &[Row<T>]) -> String {
    let rows: Vec<_> = rows.iter().map(|row| row.values.as_str()).collect();
    format!("[{}]", rows.join(","))
}

/// Tells each who waits what has become of its row.
fn answer<T: Default>(rows: Vec<Row<T>>, mut done: HashMap<String, T>) {
    for row in rows {
        let outcome = done.remove(&row.id).unwrap_or_default();
        row.tell(Ok(outcome));
    }
}

impl<T> Row<T> {
    /// Whoever waited may have gone.
    fn tell(self, outcome: Result<T, sqlx::Error>) {
        let _ = self.answer.send(outcome);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::join_all;

    use super::rows::samples::{begun, settled};
    use super::*;
    use crate::storage::SqliteStore;

    fn row<T>(values: &str) -> (Row<T>, oneshot::Receiver<Result<T, sqlx::Error>>) {
        let (answer, answered) = oneshot::channel();
        (Row { id: "a".to_owned(), values: values.to_owned(), answer }, answered)
    }

    #[tokio::test]
    async fn a_row_that_cannot_be_written_is_nobody_elses_failure() {
        let store = SqliteStore::in_memory().await.unwrap();
        let sound = begun("a", "one");
        let (rows, answers): (Vec<_>, Vec<_>) = [r#"{"id":"b"}"#, &sound].map(row).into_iter().unzip();
        put(rows, store.writer(), begin).await;
        let answers = join_all(answers).await;
        let [Ok(Err(refused)), Ok(Ok(Some((1, _))))] = &answers[..] else { panic!("{answers:?}") };
        assert!(refused.to_string().contains("NOT NULL"), "{refused}");
    }

    #[tokio::test]
    async fn a_database_that_cannot_write_is_asked_once_for_all() {
        let store = SqliteStore::in_memory().await.unwrap();
        let (rows, answers): (Vec<_>, Vec<_>) = ["{}", "{}", "{}"].map(row).into_iter().unzip();
        let asked = AtomicUsize::new(0);
        put(rows, store.writer(), async |_: &SqlitePool, _: String| {
            asked.fetch_add(1, Ordering::Relaxed);
            Err::<HashMap<String, bool>, _>(sqlx::Error::PoolTimedOut)
        })
        .await;
        for answer in join_all(answers).await {
            assert!(answer.unwrap().unwrap_err().to_string().contains("timed out"));
        }
        assert_eq!(asked.into_inner(), 1);
    }

    #[tokio::test]
    async fn of_two_who_settle_one_start_at_once_the_first_does() {
        let store = SqliteStore::in_memory().await.unwrap();
        let new = begin(store.writer(), format!("[{}]", begun("a", "one"))).await.unwrap();
        assert_eq!(new.len(), 1);
        let (rows, answers): (Vec<_>, Vec<_>) =
            ["r-1", "r-2"].map(|id| row(&settled("a", id))).into_iter().unzip();
        // Before the task that the first one begins gets its turn.
        rows.into_iter().for_each(|row| store.starts().shared.push(Asked::Settle(row)));
        let answers: Vec<bool> =
            join_all(answers).await.into_iter().map(|answer| answer.unwrap().unwrap()).collect();
        assert_eq!(answers, [true, false]);
        let kept: Vec<(String,)> =
            sqlx::query_as("SELECT run_id FROM runs").fetch_all(store.writer()).await.unwrap();
        assert_eq!(kept, [("r-1".to_owned(),)]);
    }
}
