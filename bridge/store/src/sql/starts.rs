//! Starts in SQL, in the table `runs`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bridge_core::model::{Event, IntentKey, Revision, StartId, StartRecord};
use bridge_core::ports::{Begun, IntentStore, StartStore, StoreError, Successful, Terms};
use heavy::heavy;
use workflow_api::{WorkflowId, WorkflowIntentSpec, to_go_text};

use super::event_row::insert_event;
use super::start_row::{OutcomeColumns, SpecRow, StartRow, start_columns, unreadable};
use super::{Sql, SqlStore, of_intent};
use crate::error::failed;

/// How many times a start is tried while other starts with the same key come first.
const ROUNDS: usize = 5;

/// Records a start with the number in `counted`. Returns no row if another start with its key is recorded.
macro_rules! begin {
    () => {
        "INSERT INTO runs
            (project, composite_app, composite_app_version, deployment_intent_group, intent, id, number, revision,
             workflow_id, idempotency_key, fingerprint, key_until, started_by, requested_at,
             attempt, outcome, already_running, leased_until, spec)
         SELECT $1, $2, $3, $4, $5, $6, number, $7,
             replace($8, '{{run}}', CAST(number AS TEXT)), $9, $10,
             CASE WHEN $10 IS NULL THEN NULL ELSE (SELECT now FROM clock) + $11 END, $12, $13,
             1, 'starting', FALSE, (SELECT now FROM clock) + $14, $15
         FROM counted WHERE TRUE
         ON CONFLICT DO NOTHING
         RETURNING number, workflow_id"
    };
}

/// SQLite has one writer, so no other start gets the number in the meantime.
pub(crate) const BEGIN_ON_SQLITE: &str = concat!(
    "WITH counted AS (
        SELECT COALESCE((
            SELECT number FROM runs
            WHERE (project, composite_app, composite_app_version, deployment_intent_group, intent) = ($1, $2, $3, $4, $5)
            ORDER BY number DESC LIMIT 1), 0) + 1 AS number)
     ",
    begin!()
);

/// Writes the event of a start as a part of the statement: another statement would cost another exchange with
/// the server.
macro_rules! with_event {
    ($at:literal, $actor:literal, $verb:literal, $object:literal, $outcome:literal, $document:literal, $leaf:literal) => {
        concat!(
            "WITH audited AS (",
            insert_event!($at, $actor, $verb, $object, $outcome, $document, $leaf),
            ")"
        )
    };
}

/// On PostgreSQL, several replicas count at once, so each waits for the row with the last number. A start
/// with a known key is not counted. The clock is read after the number, because another replica may hold that
/// row for a while.
pub(crate) const BEGIN_ON_POSTGRES: &str = concat!(
    with_event!("$16", "$17", "$18", "$19", "$20", "$21", "$22"),
    ", counted AS (
        INSERT INTO run_numbers AS numbers
            (project, composite_app, composite_app_version, deployment_intent_group, intent, last)
        SELECT $1, $2, $3, $4, $5, 1
        WHERE $10 IS NULL OR NOT EXISTS (
            SELECT 1 FROM runs
            WHERE (project, composite_app, composite_app_version, deployment_intent_group, intent) = ($1, $2, $3, $4, $5)
                AND idempotency_key = $9 AND key_until IS NOT NULL)
        ON CONFLICT (project, composite_app, composite_app_version, deployment_intent_group, intent)
        DO UPDATE SET last = numbers.last + 1
        RETURNING last AS number)
     ",
    begin!()
);

macro_rules! settle {
    () => {
        "UPDATE runs
         SET workflow_id = $3, requested_id = $9, outcome = $4, run_id = $5, already_running = $6, reason = $7,
             settled_at = $8,
             leased_until = NULL, spec = CASE WHEN $4 = 'unknown' THEN spec ELSE NULL END
         WHERE id = $1 AND attempt = $2 AND outcome = 'starting'
         RETURNING id"
    };
}

pub(crate) const SETTLE_ON_SQLITE: &str = settle!();
pub(crate) const SETTLE_ON_POSTGRES: &str =
    concat!(with_event!("$10", "$11", "$12", "$13", "$14", "$15", "$16"), " ", settle!());

/// Finds out whether starts of an intent have made a workflow.
pub(super) const MADE: &str =
    "SELECT id FROM runs
     WHERE (project, composite_app, composite_app_version, deployment_intent_group, intent) = ($1, $2, $3, $4, $5)
         AND outcome <> 'not_started' AND workflow_id = $6 AND NOT already_running LIMIT 1";

#[async_trait]
impl<S: Sql> StartStore for SqlStore<S> {
    async fn begin_start(
        &self,
        start: &StartRecord,
        spec: Option<&Arc<WorkflowIntentSpec>>,
        terms: Terms,
        mut event: Option<&Event>,
    ) -> Result<Begun, StoreError> {
        let spec = spec_column(spec).await;
        for _ in 0..ROUNDS {
            // The first round writes the event.
            if let Some(begun) = self.begin(start, &spec, terms, event.take()).await? {
                return Ok(Begun::New(begun));
            }
            if let Some(known) = self.known(start).await? {
                return Ok(Begun::Known(known));
            }
        }
        Err(failed("record a start")(sqlx::Error::RowNotFound))
    }

    async fn begin_again(
        &self,
        start: &StartRecord,
        spec: Option<&Arc<WorkflowIntentSpec>>,
        lease: Duration,
    ) -> Result<Option<StartRecord>, StoreError> {
        let statement = concat!(
            "UPDATE runs
             SET outcome = 'starting', attempt = attempt + 1, reason = NULL, settled_at = NULL, revision = $2,
                 started_by = $3, requested_at = $4, spec = $5, leased_until = (SELECT now FROM clock) + $6,
                 end_state = NULL, ended_at = NULL, noted_at = NULL, superseded = FALSE
             WHERE id = $1 AND outcome = 'not_started'
             RETURNING ",
            start_columns!()
        );
        let (id, spec) = (start.id.to_string(), spec_column(spec).await);
        let values = [
            id.as_str().into(),
            start.revision.into(),
            start.started_by.as_str().into(),
            start.requested_at.as_microsecond().into(),
            spec.as_str().into(),
            microseconds(lease).into(),
        ];
        let begun = self.write("begin a start again", statement, &values).await;
        self.0.caches().inspect(|caches| caches.forget_starts(&start.intent));
        let begun: Option<StartRow> = begun?;
        begun.map(StartRecord::try_from).transpose()
    }

    async fn take_over(
        &self,
        id: StartId,
        lease: Duration,
    ) -> Result<Option<(StartRecord, Arc<WorkflowIntentSpec>)>, StoreError> {
        let statement = concat!(
            "UPDATE runs
             SET outcome = 'starting', attempt = attempt + 1, reason = NULL, settled_at = NULL,
                 leased_until = (SELECT now FROM clock) + $2
             WHERE id = $1 AND (outcome = 'unknown'
                 OR (outcome = 'starting' AND leased_until <= (SELECT now FROM clock)))
             RETURNING spec, ",
            start_columns!()
        );
        let id = id.to_string();
        let values = [id.as_str().into(), microseconds(lease).into()];
        let taken: Result<Option<SpecRow>, _> = self.write("take a start over", statement, &values).await;
        // Of which intent it is, is not known if this failed.
        self.0.caches().inspect(|caches| caches.starts.clear());
        let Some(taken) = taken? else { return Ok(None) };
        let (start, spec): (StartRecord, _) = taken.try_into()?;
        let spec = match spec {
            Some(spec) => spec,
            None => spec_of_intent(&start, self.revision(&start.intent, start.revision.into()).await?)?,
        };
        Ok(Some((start, Arc::new(spec))))
    }

    async fn put_off(&self, start: &StartRecord, pause: Duration) -> Result<(), StoreError> {
        let statement = "UPDATE runs SET leased_until = (SELECT now FROM clock) + $3
             WHERE id = $1 AND outcome = 'starting' AND attempt = $2";
        let id = start.id.to_string();
        let values = [id.as_str().into(), start.attempt.into(), microseconds(pause).into()];
        self.execute("schedule the next attempt at a start", statement, &values).await?;
        Ok(())
    }

    async fn settle(&self, start: &StartRecord, event: Option<&Event>) -> Result<bool, StoreError> {
        let id = start.id.to_string();
        let outcome = OutcomeColumns::from(&start.outcome);
        let values = [
            id.as_str().into(),
            start.attempt.into(),
            start.workflow_id.as_str().into(),
            start.outcome.word().into(),
            outcome.run_id.into(),
            outcome.already_running.into(),
            outcome.reason.into(),
            outcome.settled_at.into(),
            start.requested_id.as_ref().map(WorkflowId::as_str).into(),
        ];
        let settled = self.write_with("settle a run", event, S::SETTLE, &values).await;
        // Also after a failure: the change may have been committed nevertheless.
        self.0.caches().inspect(|caches| caches.forget_starts(&start.intent));
        let settled: Option<(String,)> = settled?;
        Ok(settled.is_some())
    }

    async fn starts(
        &self,
        key: &IntentKey,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<StartRecord>, StoreError> {
        let statement = concat!(
            "SELECT ",
            start_columns!(),
            " FROM runs
             WHERE (project, composite_app, composite_app_version, deployment_intent_group, intent) = ($1, $2, $3, $4, $5)
                 AND number < $6
             ORDER BY number DESC LIMIT $7"
        );
        let values = of_intent(key, &[before.unwrap_or(i64::MAX).into(), i64::from(limit).into()]);
        let rows: Vec<StartRow> = self.read("list runs", statement, &values).await?;
        rows.into_iter().map(StartRecord::try_from).collect()
    }

    async fn last_start(
        &self,
        key: &IntentKey,
        which: Successful,
    ) -> Result<Option<StartRecord>, StoreError> {
        let look_up = async {
            // The index `runs_perhaps_started` has the rows of the first condition on the outcome.
            let statement = concat!(
                "SELECT ",
                start_columns!(),
                " FROM runs
                 WHERE (project, composite_app, composite_app_version, deployment_intent_group, intent) = ($1, $2, $3, $4, $5)
                     AND outcome <> 'not_started' AND (outcome = 'started' OR $6)
                 ORDER BY number DESC LIMIT 1"
            );
            let values = of_intent(key, &[(which == Successful::Perhaps).into()]);
            let rows: Vec<StartRow> = self.read("look up the last start", statement, &values).await?;
            rows.into_iter().next().map(StartRecord::try_from).transpose()
        };
        match self.0.caches() {
            Some(caches) => {
                let found = async { look_up.await.map(Some) };
                Ok(caches.starts.get((key.clone(), which), found).await?.flatten())
            }
            None => look_up.await,
        }
    }

    async fn has_started(&self, key: &IntentKey, workflow_id: &WorkflowId) -> Result<bool, StoreError> {
        let values = of_intent(key, &[workflow_id.as_str().into()]);
        let rows: Vec<(String,)> = self.read("look up a workflow", MADE, &values).await?;
        Ok(!rows.is_empty())
    }

    async fn start(&self, key: &IntentKey, name: &str) -> Result<Option<StartRecord>, StoreError> {
        // Two queries, each with its own index. Few rows have the same ID.
        let statement = concat!(
            "SELECT ",
            start_columns!(),
            " FROM runs WHERE id = $1 UNION ALL SELECT ",
            start_columns!(),
            " FROM runs WHERE run_id = $1"
        );
        let rows: Vec<StartRow> = self.read("look up a run", statement, &[name.into()]).await?;
        let starts: Vec<StartRecord> =
            rows.into_iter().map(StartRecord::try_from).collect::<Result<_, _>>()?;
        // Several starts can have one run, if it was running already. The first of them made it.
        Ok(starts.into_iter().filter(|start| start.intent == *key).min_by_key(|start| start.number))
    }

    async fn abandoned(&self, limit: u32) -> Result<Vec<StartId>, StoreError> {
        let statement = "SELECT id FROM runs
             WHERE outcome = 'starting' AND leased_until <= (SELECT now FROM clock)
             ORDER BY leased_until, id LIMIT $1";
        let rows: Vec<(String,)> =
            self.read("list abandoned starts", statement, &[i64::from(limit).into()]).await?;
        rows.into_iter().map(|(id,)| id.parse().map_err(unreadable(&id, "id"))).collect()
    }

    async fn forget_keys(&self) -> Result<u64, StoreError> {
        let statement = "UPDATE runs SET key_until = NULL, fingerprint = NULL
             WHERE key_until <= (SELECT now FROM clock) AND outcome <> 'starting'";
        self.execute("delete expired keys", statement, &[]).await
    }
}

#[expect(private_bounds, reason = "nobody else calls these functions")]
impl<S: Sql> SqlStore<S> {
    /// Records a start; returns `None` if a start with its key is recorded.
    async fn begin(
        &self,
        start: &StartRecord,
        spec: &str,
        terms: Terms,
        event: Option<&Event>,
    ) -> Result<Option<StartRecord>, StoreError> {
        let id = start.id.to_string();
        let values = of_intent(
            &start.intent,
            &[
                id.as_str().into(),
                start.revision.into(),
                start.workflow_id.as_str().into(),
                start.key.text.as_str().into(),
                start.key.fingerprint.as_deref().into(),
                microseconds(terms.key_kept).into(),
                start.started_by.as_str().into(),
                start.requested_at.as_microsecond().into(),
                microseconds(terms.lease).into(),
                spec.into(),
            ],
        );
        let begun = self.write_with("record a start", event, S::BEGIN, &values).await;
        self.0.caches().inspect(|caches| caches.forget_starts(&start.intent));
        let begun: Option<(i64, String)> = begun?;
        Ok(begun.map(|(number, workflow_id)| StartRecord {
            number,
            workflow_id: workflow_id.into(),
            attempt: 1,
            ..start.clone()
        }))
    }

    /// Returns the recorded start with the same key. Deletes the key first if its retention has passed.
    async fn known(&self, start: &StartRecord) -> Result<Option<StartRecord>, StoreError> {
        let values = of_intent(&start.intent, &[start.key.text.as_str().into()]);
        let forget = "UPDATE runs SET key_until = NULL, fingerprint = NULL
         WHERE (project, composite_app, composite_app_version, deployment_intent_group, intent) = ($1, $2, $3, $4, $5)
             AND idempotency_key = $6 AND key_until <= (SELECT now FROM clock) AND outcome <> 'starting'";
        self.execute("delete an expired key", forget, &values).await?;
        let find = concat!(
        "SELECT ",
        start_columns!(),
        " FROM runs
         WHERE (project, composite_app, composite_app_version, deployment_intent_group, intent) = ($1, $2, $3, $4, $5)
             AND idempotency_key = $6 AND key_until IS NOT NULL"
    );
        let known: Vec<StartRow> = self.read("look up a key", find, &values).await?;
        known.into_iter().next().map(StartRecord::try_from).transpose()
    }
}

/// Returns the value of the column `spec`. It is empty if the start has no options beyond its intent, whose
/// revisions are kept.
async fn spec_column(spec: Option<&Arc<WorkflowIntentSpec>>) -> String {
    let Some(spec) = spec.cloned() else { return String::new() };
    heavy(spec.temporal.size(), move || to_go_text(&*spec)).await
}

/// Returns the spec of the revision that a start is about.
fn spec_of_intent(start: &StartRecord, revision: Option<Revision>) -> Result<WorkflowIntentSpec, StoreError> {
    let intent = revision.and_then(|revision| revision.intent);
    intent.map(|intent| Arc::unwrap_or_clone(intent).spec).ok_or_else(|| StoreError::Inconsistent {
        table: "intent_revisions",
        column: "document",
        row: format!("{} {}", start.intent.name, start.revision),
        source: format!("start `{}` refers to this revision, which does not exist", start.id).into(),
    })
}

/// A duration beyond the calendar means forever.
pub(super) fn microseconds(time: Duration) -> i64 {
    const MOST: u64 = 1 << 60;
    i64::try_from(time.as_micros().min(u128::from(MOST))).unwrap_or(i64::MAX)
}
