//! Starts put on record, and settled, several at once, on SQLite.
//!
//! SQLite has one writer, and each statement costs two threads a switch, a commit a sync of the disk. So one task writes: what comes
//! while it is at work is one statement then, however much that is, and one sync (a group commit).

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;

use serde::Serialize;
use sqlx::SqlitePool;
use sqlx::error::ErrorKind;
use tokio::sync::{mpsc, oneshot};

use super::run_row::OutcomeColumns;
use super::runs::microseconds;
use crate::run::{Outcome, Run};
use crate::storage::Terms;
use crate::storage::durable::Syncer;

/// So much is written at once, at most.
const MOST: usize = 128;

/// Puts starts on record. Of several under one key the first is new; the others, and those whose key is on record, have no row in the
/// answer, and count nothing.
const BEGIN: &str = "
    WITH asked AS (
        SELECT key AS place,
            value->>'id' AS id, value->>'project' AS project, value->>'composite_app' AS composite_app,
            value->>'composite_app_version' AS composite_app_version,
            value->>'deployment_intent_group' AS deployment_intent_group, value->>'intent' AS intent,
            value->>'revision' AS revision, value->>'workflow_id' AS workflow_id, value->>'idempotency_key' AS idempotency_key,
            value->>'fingerprint' AS fingerprint, value->>'key_kept' AS key_kept, value->>'started_by' AS started_by,
            value->>'requested_at' AS requested_at, value->>'lease' AS lease, value->>'spec' AS spec
        FROM jsonb_each($1)),
    fresh AS (
        SELECT *, ROW_NUMBER() OVER (
            PARTITION BY project, composite_app, composite_app_version, deployment_intent_group, intent, idempotency_key
            ORDER BY place) AS under_key
        FROM asked WHERE fingerprint IS NULL OR NOT EXISTS (
            SELECT 1 FROM runs WHERE (project, composite_app, composite_app_version, deployment_intent_group, intent)
                = (asked.project, asked.composite_app, asked.composite_app_version, asked.deployment_intent_group, asked.intent)
            AND runs.idempotency_key = asked.idempotency_key AND key_until IS NOT NULL)),
    counted AS (
        SELECT *, ROW_NUMBER() OVER (
            PARTITION BY project, composite_app, composite_app_version, deployment_intent_group, intent ORDER BY place)
            + COALESCE((
                SELECT number FROM runs WHERE (project, composite_app, composite_app_version, deployment_intent_group, intent)
                    = (fresh.project, fresh.composite_app, fresh.composite_app_version, fresh.deployment_intent_group, fresh.intent)
                ORDER BY number DESC LIMIT 1), 0) AS number
        FROM fresh WHERE under_key = 1),
    clock AS (SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER) AS now)
    INSERT INTO runs
        (id, project, composite_app, composite_app_version, deployment_intent_group, intent, number, revision, workflow_id,
         idempotency_key, fingerprint, key_until, started_by, requested_at, attempt, outcome, already_running, leased_until, spec)
    SELECT id, project, composite_app, composite_app_version, deployment_intent_group, intent, number, revision,
        replace(workflow_id, '{{run}}', CAST(number AS TEXT)), idempotency_key, fingerprint,
        CASE WHEN fingerprint IS NULL THEN NULL ELSE clock.now + key_kept END, started_by, requested_at,
        1, 'starting', FALSE, clock.now + lease, spec
    FROM counted, clock WHERE TRUE
    ON CONFLICT DO NOTHING
    RETURNING id, number, workflow_id";

/// Settles starts that are under way and were not taken over; those have a row in the answer.
const SETTLE: &str = "
    UPDATE runs SET workflow_id = told.workflow_id, outcome = told.outcome, run_id = told.run_id,
        already_running = told.already_running, reason = told.reason, settled_at = told.settled_at, leased_until = NULL,
        spec = CASE WHEN told.outcome = 'unknown' THEN spec ELSE NULL END
    FROM (
        SELECT value->>'id' AS id, value->>'attempt' AS attempt, value->>'workflow_id' AS workflow_id,
            value->>'outcome' AS outcome, value->>'run_id' AS run_id, value->>'already_running' AS already_running,
            value->>'reason' AS reason, value->>'settled_at' AS settled_at
        FROM jsonb_each($1)) AS told
    WHERE runs.id = told.id AND runs.attempt = told.attempt AND runs.outcome = 'starting'
    RETURNING id";

/// The number and the workflow ID that a new start has got.
type Numbered = (i64, String);

/// Writes what several callers ask for.
#[derive(Debug, Clone)]
pub(in crate::storage) struct Group {
    queue: mpsc::Sender<Asked>,
}

/// What a caller asks for.
enum Asked {
    Begin(Row<Option<Numbered>>),
    Settle(Row<bool>),
}

/// A row to be written, and who waits for it.
struct Row<T> {
    id: String,
    /// The row as a JSON object.
    values: String,
    /// Whether the caller waits until a power cut cannot take it away.
    durable: bool,
    answer: oneshot::Sender<Result<T, sqlx::Error>>,
}

/// A start to be put on record, as [`BEGIN`] reads it.
#[derive(Serialize)]
struct BeginRow<'a> {
    id: &'a str,
    project: &'a str,
    composite_app: &'a str,
    composite_app_version: &'a str,
    deployment_intent_group: &'a str,
    intent: &'a str,
    revision: i64,
    workflow_id: &'a str,
    idempotency_key: &'a str,
    fingerprint: Option<&'a str>,
    key_kept: i64,
    started_by: &'a str,
    requested_at: i64,
    lease: i64,
    spec: &'a str,
}

/// A start to be settled, as [`SETTLE`] reads it.
#[derive(Serialize)]
struct SettleRow<'a> {
    id: &'a str,
    attempt: i64,
    workflow_id: &'a str,
    outcome: &'static str,
    run_id: Option<&'a str>,
    already_running: bool,
    reason: Option<&'a str>,
    settled_at: Option<i64>,
}

impl Group {
    /// Writes over this pool, of one connection, until the last caller has gone.
    pub(in crate::storage) fn new(writer: SqlitePool, syncer: Option<Arc<Syncer>>) -> Self {
        let (queue, asked) = mpsc::channel(MOST);
        tokio::spawn(write(asked, writer, syncer));
        Self { queue }
    }

    /// Puts a start on record for good; `None` where its key is on record.
    pub(super) async fn begin(
        &self,
        run: &Run,
        spec: &str,
        terms: Terms,
    ) -> Result<Option<Numbered>, sqlx::Error> {
        let id = run.id.to_string();
        let dig = &run.intent.dig;
        let row = BeginRow {
            id: &id,
            project: &dig.project,
            composite_app: &dig.composite_app,
            composite_app_version: &dig.version,
            deployment_intent_group: &dig.dig,
            intent: &run.intent.name,
            revision: run.revision,
            workflow_id: run.workflow_id.as_str(),
            idempotency_key: &run.key.text,
            fingerprint: run.key.fingerprint.as_deref(),
            key_kept: microseconds(terms.key_kept),
            started_by: &run.started_by,
            requested_at: run.requested_at.as_microsecond(),
            lease: microseconds(terms.lease),
            spec,
        };
        let values = json(&row)?;
        self.ask(Asked::Begin, id, values, true).await
    }

    /// Settles a start; false where somebody else has, or has taken it over.
    pub(super) async fn settle(&self, run: &Run) -> Result<bool, sqlx::Error> {
        let id = run.id.to_string();
        let OutcomeColumns { run_id, already_running, reason, settled_at } = (&run.outcome).into();
        let row = SettleRow {
            id: &id,
            attempt: run.attempt,
            workflow_id: run.workflow_id.as_str(),
            outcome: run.outcome.word(),
            run_id,
            already_running,
            reason,
            settled_at,
        };
        let values = json(&row)?;
        // A start that a power cut takes out of the record is found again. Any other outcome was told to somebody who may act on
        // it, and must not become a start.
        let durable = !matches!(run.outcome, Outcome::Started { .. });
        self.ask(Asked::Settle, id, values, durable).await
    }

    async fn ask<T>(
        &self,
        kind: impl FnOnce(Row<T>) -> Asked,
        id: String,
        values: String,
        durable: bool,
    ) -> Result<T, sqlx::Error> {
        let (answer, answered) = oneshot::channel();
        let asked = kind(Row { id, values, durable, answer });
        self.queue.send(asked).await.map_err(|_| sqlx::Error::WorkerCrashed)?;
        answered.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }
}

fn json(row: &impl Serialize) -> Result<String, sqlx::Error> {
    serde_json::to_string(row).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// Writes what is asked for until nobody is left to ask.
async fn write(mut queue: mpsc::Receiver<Asked>, writer: SqlitePool, syncer: Option<Arc<Syncer>>) {
    let mut asked = Vec::new();
    while queue.recv_many(&mut asked, MOST).await > 0 {
        while !asked.is_empty() {
            let (mut begins, mut settles, mut later) = (Vec::new(), Vec::new(), Vec::new());
            let mut ids = HashSet::new();
            for asked in asked.drain(..) {
                match asked {
                    Asked::Begin(row) => begins.push(row),
                    // Of a start that is settled twice, the first caller has settled it.
                    Asked::Settle(row) if !ids.insert(row.id.clone()) => later.push(Asked::Settle(row)),
                    Asked::Settle(row) => settles.push(row),
                }
            }
            put(settles, &writer, syncer.as_ref(), settle).await;
            put(begins, &writer, syncer.as_ref(), begin).await;
            asked = later;
        }
    }
}

/// Writes rows as one statement, and answers each. Where one of them cannot be written, each has a statement of its own, so that it is
/// nobody else's failure; a database that cannot write is not asked again for each.
async fn put<T: Default + Send + 'static>(
    rows: Vec<Row<T>>,
    writer: &SqlitePool,
    syncer: Option<&Arc<Syncer>>,
    statement: impl AsyncFn(&SqlitePool, String) -> Result<HashMap<String, T>, sqlx::Error>,
) {
    if rows.is_empty() {
        return;
    }
    match statement(writer, array(&rows)).await {
        Ok(done) => answer(rows, done, syncer),
        Err(error) if rows.len() > 1 && is_of_a_row(&error) => {
            for row in rows {
                let alone = vec![row];
                match statement(writer, array(&alone)).await {
                    Ok(done) => answer(alone, done, syncer),
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

async fn begin(writer: &SqlitePool, rows: String) -> Result<HashMap<String, Option<Numbered>>, sqlx::Error> {
    let begun: Vec<(String, i64, String)> = sqlx::query_as(BEGIN).bind(rows).fetch_all(writer).await?;
    Ok(begun.into_iter().map(|(id, number, workflow_id)| (id, Some((number, workflow_id)))).collect())
}

async fn settle(writer: &SqlitePool, rows: String) -> Result<HashMap<String, bool>, sqlx::Error> {
    let settled: Vec<(String,)> = sqlx::query_as(SETTLE).bind(rows).fetch_all(writer).await?;
    Ok(settled.into_iter().map(|(id,)| (id, true)).collect())
}

fn array<T>(rows: &[Row<T>]) -> String {
    let rows: Vec<_> = rows.iter().map(|row| row.values.as_str()).collect();
    format!("[{}]", rows.join(","))
}

/// Tells each who waits what has become of its row, once it is as durable as it must be. The next rows are written meanwhile.
fn answer<T: Default + Send + 'static>(
    rows: Vec<Row<T>>,
    mut done: HashMap<String, T>,
    syncer: Option<&Arc<Syncer>>,
) {
    let mut answers = Vec::with_capacity(rows.len());
    for row in rows {
        let outcome = done.remove(&row.id).unwrap_or_default();
        match syncer {
            Some(_) if row.durable => answers.push((row, outcome)),
            _ => row.tell(Ok(outcome)),
        }
    }
    let Some(syncer) = syncer.filter(|_| !answers.is_empty()).cloned() else { return };
    tokio::spawn(async move {
        let synced = syncer.sync().await;
        for (row, outcome) in answers {
            let failure =
                |error: &io::Error| sqlx::Error::Io(io::Error::new(error.kind(), error.to_string()));
            row.tell(synced.as_ref().map(|()| outcome).map_err(failure));
        }
    });
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

    use super::*;
    use crate::storage::SqliteStore;

    fn row<T>(values: &str) -> (Row<T>, oneshot::Receiver<Result<T, sqlx::Error>>) {
        let (answer, answered) = oneshot::channel();
        (Row { id: "a".to_owned(), values: values.to_owned(), durable: false, answer }, answered)
    }

    fn begin_row(id: &str, key: &str) -> String {
        let row = BeginRow {
            id,
            project: "p",
            composite_app: "c",
            composite_app_version: "v",
            deployment_intent_group: "d",
            intent: "i",
            revision: 1,
            workflow_id: "w-{{run}}",
            idempotency_key: key,
            fingerprint: Some("f"),
            key_kept: 1_000_000,
            started_by: "",
            requested_at: 0,
            lease: 1_000_000,
            spec: "{}",
        };
        json(&row).unwrap()
    }

    #[tokio::test]
    async fn of_one_key_one_start_is_new_and_counts() {
        let store = SqliteStore::in_memory().await.unwrap();
        let rows = [("1", "one"), ("2", "one"), ("3", "two")].map(|(id, key)| begin_row(id, key));
        let begun = begin(store.writer(), format!("[{}]", rows.join(","))).await.unwrap();
        assert_eq!(begun.get("1"), Some(&Some((1, "w-1".to_owned()))));
        assert_eq!((begun.get("2"), begun.len()), (None, 2));
        assert_eq!(begun.get("3"), Some(&Some((2, "w-2".to_owned()))));
        let again = begin(store.writer(), format!("[{}]", begin_row("4", "two"))).await.unwrap();
        assert!(again.is_empty());
    }

    #[tokio::test]
    async fn a_row_that_cannot_be_written_is_nobody_elses_failure() {
        let store = SqliteStore::in_memory().await.unwrap();
        let sound = begin_row("a", "one");
        let (rows, answers): (Vec<_>, Vec<_>) = [r#"{"id":"b"}"#, &sound].map(row).into_iter().unzip();
        put(rows, store.writer(), None, begin).await;
        let answers = join_all(answers).await;
        let [Ok(Err(refused)), Ok(Ok(Some((1, _))))] = &answers[..] else { panic!("{answers:?}") };
        assert!(refused.to_string().contains("NOT NULL"), "{refused}");
    }

    #[tokio::test]
    async fn a_database_that_cannot_write_is_asked_once_for_all() {
        let store = SqliteStore::in_memory().await.unwrap();
        let (rows, answers): (Vec<_>, Vec<_>) = ["{}", "{}", "{}"].map(row).into_iter().unzip();
        let asked = AtomicUsize::new(0);
        put(rows, store.writer(), None, async |_: &SqlitePool, _: String| {
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
        let begun = begin(store.writer(), format!("[{}]", begin_row("a", "one"))).await.unwrap();
        assert_eq!(begun.len(), 1);
        let told = |run_id| {
            let (reason, settled_at) = (None, Some(1));
            let row = SettleRow {
                id: "a",
                attempt: 1,
                workflow_id: "w",
                outcome: "started",
                run_id: Some(run_id),
                already_running: false,
                reason,
                settled_at,
            };
            json(&row).unwrap()
        };
        let (rows, answers): (Vec<_>, Vec<_>) = ["r-1", "r-2"].map(|id| row(&told(id))).into_iter().unzip();
        let (queue, asked) = mpsc::channel(MOST);
        for row in rows {
            queue.send(Asked::Settle(row)).await.unwrap();
        }
        drop(queue);
        write(asked, store.writer().clone(), None).await;
        let answers: Vec<bool> =
            join_all(answers).await.into_iter().map(|answer| answer.unwrap().unwrap()).collect();
        assert_eq!(answers, [true, false]);
        let kept: Vec<(String,)> =
            sqlx::query_as("SELECT run_id FROM runs").fetch_all(store.writer()).await.unwrap();
        assert_eq!(kept, [("r-1".to_owned(),)]);
    }
}
