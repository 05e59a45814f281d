//! Runs in SQL.

use std::time::Duration;

use async_trait::async_trait;
use workflow_api::WorkflowIntentSpec;

use super::failed;
use super::run_row::{OutcomeColumns, RunRow, SpecRow, run_columns};
use crate::intent::{IntentKey, Revision};
use crate::run::{Run, StartId};
use crate::storage::{Begun, IntentStore, PostgresStore, RunStore, SqliteStore, StoreError, Terms};

/// Other starts under the same key, or of the same number, may come first so often.
const ROUNDS: usize = 5;

/// The condition that a run is of an intent, whose key is bound to these parameters.
macro_rules! of_intent {
    ($first:literal, $second:literal, $third:literal, $fourth:literal, $fifth:literal) => {
        concat!(
            "project = ",
            $first,
            " AND composite_app = ",
            $second,
            " AND composite_app_version = ",
            $third,
            " AND deployment_intent_group = ",
            $fourth,
            " AND intent = ",
            $fifth
        )
    };
}

/// Implements [`RunStore`](crate::storage::RunStore), given the database's clock in microseconds, and how it counts the
/// starts of an intent.
macro_rules! run_store {
    ($store:ty, $now:literal, $counted:expr) => {
        #[async_trait]
        impl RunStore for $store {
            async fn begin_run(
                &self,
                run: &Run,
                spec: Option<&WorkflowIntentSpec>,
                terms: Terms,
            ) -> Result<Begun, StoreError> {
                let spec = spec_column(spec);
                for _ in 0..ROUNDS {
                    let begun: Vec<(i64, String)> = sqlx::query_as(concat!(
                        "WITH counted AS (", $counted, ")
                         INSERT INTO runs
                            (id, project, composite_app, composite_app_version, deployment_intent_group, intent, number,
                             revision, workflow_id, idempotency_key, fingerprint, key_until, started_by, requested_at,
                             attempt, outcome, already_running, leased_until, spec)
                         SELECT $1, $2, $3, $4, $5, $6, counted.number,
                             $7, replace($8, '{{run}}', CAST(counted.number AS TEXT)), $9, $10,
                             CASE WHEN $10 IS NULL THEN NULL ELSE ", $now, " + $11 END, $12, $13,
                             1, 'starting', FALSE, ", $now, " + $14, $15
                         FROM counted WHERE TRUE
                         ON CONFLICT DO NOTHING
                         RETURNING number, workflow_id"
                    ))
                    .bind(run.id.to_string())
                    .bind(&run.intent.dig.project)
                    .bind(&run.intent.dig.composite_app)
                    .bind(&run.intent.dig.version)
                    .bind(&run.intent.dig.dig)
                    .bind(&run.intent.name)
                    .bind(run.revision)
                    .bind(run.workflow_id.as_str())
                    .bind(&run.key.text)
                    .bind(&run.key.fingerprint)
                    .bind(microseconds(terms.key_kept))
                    .bind(&run.started_by)
                    .bind(run.requested_at.as_microsecond())
                    .bind(microseconds(terms.lease))
                    .bind(&spec)
                    // All rows, there being one at most: only then has the statement ended and is committed.
                    .fetch_all(&mut *self.writer().await?)
                    .await
                    .map_err(failed("put a start on record"))?;
                    if let Some((number, workflow_id)) = begun.into_iter().next() {
                        return Ok(Begun::New(Run {
                            number,
                            workflow_id: workflow_id.into(),
                            attempt: 1,
                            ..run.clone()
                        }));
                    }
                    // One that has had its time is forgotten on the way.
                    sqlx::query(concat!(
                        "UPDATE runs SET key_until = NULL, fingerprint = NULL WHERE ",
                        of_intent!("$1", "$2", "$3", "$4", "$5"),
                        " AND idempotency_key = $6 AND key_until <= ", $now, " AND outcome <> 'starting'"
                    ))
                    .bind(&run.intent.dig.project)
                    .bind(&run.intent.dig.composite_app)
                    .bind(&run.intent.dig.version)
                    .bind(&run.intent.dig.dig)
                    .bind(&run.intent.name)
                    .bind(&run.key.text)
                    .execute(&mut *self.writer().await?)
                    .await
                    .map_err(failed("forget a key"))?;
                    let known: Option<RunRow> = sqlx::query_as(concat!(
                        "SELECT ", run_columns!(), " FROM runs WHERE ",
                        of_intent!("$1", "$2", "$3", "$4", "$5"),
                        " AND idempotency_key = $6 AND key_until IS NOT NULL"
                    ))
                    .bind(&run.intent.dig.project)
                    .bind(&run.intent.dig.composite_app)
                    .bind(&run.intent.dig.version)
                    .bind(&run.intent.dig.dig)
                    .bind(&run.intent.name)
                    .bind(&run.key.text)
                    .fetch_optional(self.readers())
                    .await
                    .map_err(failed("look up a key"))?;
                    if let Some(known) = known {
                        return Ok(Begun::Known(known.try_into()?));
                    }
                }
                Err(failed("put a start on record")(sqlx::Error::RowNotFound))
            }

            async fn begin_again(
                &self,
                run: &Run,
                spec: Option<&WorkflowIntentSpec>,
                lease: Duration,
            ) -> Result<Option<Run>, StoreError> {
                let begun: Vec<RunRow> = sqlx::query_as(concat!(
                    "UPDATE runs SET outcome = 'starting', attempt = attempt + 1, reason = NULL, settled_at = NULL,
                        revision = $2, started_by = $3, requested_at = $4, spec = $5, leased_until = ", $now, " + $6
                     WHERE id = $1 AND outcome = 'not_started' RETURNING ", run_columns!()
                ))
                .bind(run.id.to_string())
                .bind(run.revision)
                .bind(&run.started_by)
                .bind(run.requested_at.as_microsecond())
                .bind(spec_column(spec))
                .bind(microseconds(lease))
                .fetch_all(&mut *self.writer().await?)
                .await
                .map_err(failed("set about a start again"))?;
                begun.into_iter().next().map(Run::try_from).transpose()
            }

            async fn take_over(
                &self,
                id: StartId,
                lease: Duration,
            ) -> Result<Option<(Run, WorkflowIntentSpec)>, StoreError> {
                let taken: Vec<SpecRow> = sqlx::query_as(concat!(
                    "UPDATE runs SET outcome = 'starting', attempt = attempt + 1, reason = NULL, settled_at = NULL,
                        leased_until = ", $now, " + $2
                     WHERE id = $1 AND (outcome = 'unknown' OR (outcome = 'starting' AND leased_until <= ", $now, "))
                     RETURNING ", run_columns!(), ", spec"
                ))
                .bind(id.to_string())
                .bind(microseconds(lease))
                .fetch_all(&mut *self.writer().await?)
                .await
                .map_err(failed("take a start over"))?;
                let Some(taken) = taken.into_iter().next() else { return Ok(None) };
                let (run, spec) = taken.try_into()?;
                let spec = match spec {
                    Some(spec) => spec,
                    None => spec_of_intent(&run, self.revision(&run.intent, run.revision.into()).await?)?,
                };
                Ok(Some((run, spec)))
            }

            async fn put_off(&self, run: &Run, pause: Duration) -> Result<(), StoreError> {
                sqlx::query(concat!(
                    "UPDATE runs SET leased_until = ", $now, " + $3
                     WHERE id = $1 AND outcome = 'starting' AND attempt = $2"
                ))
                .bind(run.id.to_string())
                .bind(run.attempt)
                .bind(microseconds(pause))
                .execute(&mut *self.writer().await?)
                .await
                .map_err(failed("put a start off"))?;
                Ok(())
            }

            async fn settle_run(&self, run: &Run) -> Result<bool, StoreError> {
                let outcome = OutcomeColumns::from(&run.outcome);
                let settled = sqlx::query(
                    "UPDATE runs SET workflow_id = $3, outcome = $4, run_id = $5, already_running = $6, reason = $7,
                        settled_at = $8, leased_until = NULL,
                        spec = CASE WHEN $4 = 'unknown' THEN spec ELSE NULL END
                     WHERE id = $1 AND attempt = $2 AND outcome = 'starting'",
                )
                .bind(run.id.to_string())
                .bind(run.attempt)
                .bind(run.workflow_id.as_str())
                .bind(run.outcome.word())
                .bind(outcome.run_id)
                .bind(outcome.already_running)
                .bind(outcome.reason)
                .bind(outcome.settled_at)
                .execute(&mut *self.writer().await?)
                .await
                .map_err(failed("settle a run"))?;
                Ok(settled.rows_affected() > 0)
            }

            async fn runs(
                &self,
                key: &IntentKey,
                before: Option<i64>,
                limit: u32,
            ) -> Result<Vec<Run>, StoreError> {
                let rows: Vec<RunRow> = sqlx::query_as(concat!(
                    "SELECT ", run_columns!(), " FROM runs WHERE ",
                    of_intent!("$1", "$2", "$3", "$4", "$5"),
                    " AND number < $6 ORDER BY number DESC LIMIT $7"
                ))
                .bind(&key.dig.project)
                .bind(&key.dig.composite_app)
                .bind(&key.dig.version)
                .bind(&key.dig.dig)
                .bind(&key.name)
                .bind(before.unwrap_or(i64::MAX))
                .bind(i64::from(limit))
                .fetch_all(self.readers())
                .await
                .map_err(failed("list runs"))?;
                rows.into_iter().map(Run::try_from).collect()
            }

            async fn run(&self, key: &IntentKey, name: &str) -> Result<Option<Run>, StoreError> {
                // In two halves, each with an index that fits; few rows have one ID.
                let rows: Vec<RunRow> = sqlx::query_as(concat!(
                    "SELECT ",
                    run_columns!(),
                    " FROM runs WHERE id = $1 UNION ALL SELECT ",
                    run_columns!(),
                    " FROM runs WHERE run_id = $1"
                ))
                .bind(name)
                .fetch_all(self.readers())
                .await
                .map_err(failed("look up a run"))?;
                let runs: Vec<Run> = rows.into_iter().map(Run::try_from).collect::<Result<_, _>>()?;
                // One run may be that of several starts, where it was running already: the first made it.
                Ok(runs.into_iter().filter(|run| run.intent == *key).min_by_key(|run| run.number))
            }

            async fn abandoned_runs(&self, limit: u32) -> Result<Vec<StartId>, StoreError> {
                let rows: Vec<(String,)> = sqlx::query_as(concat!(
                    "SELECT id FROM runs WHERE outcome = 'starting' AND leased_until <= ", $now, "
                     ORDER BY leased_until, id LIMIT $1"
                ))
                .bind(i64::from(limit))
                .fetch_all(self.readers())
                .await
                .map_err(failed("list abandoned starts"))?;
                rows.into_iter().map(|(id,)| start_id(id)).collect()
            }

            async fn forget_keys(&self) -> Result<u64, StoreError> {
                let forgotten = sqlx::query(concat!(
                    "UPDATE runs SET key_until = NULL, fingerprint = NULL
                     WHERE key_until <= ", $now, " AND outcome <> 'starting'"
                ))
                .execute(&mut *self.writer().await?)
                .await
                .map_err(failed("forget keys"))?;
                Ok(forgotten.rows_affected())
            }
        }
    };
}

run_store!(
    SqliteStore,
    "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
    concat!(
        "SELECT COALESCE((SELECT number FROM runs WHERE ",
        of_intent!("$2", "$3", "$4", "$5", "$6"),
        " ORDER BY number DESC LIMIT 1), 0) + 1 AS number"
    )
);
// A key that is known counts nothing.
run_store!(
    PostgresStore,
    "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
    concat!(
        "INSERT INTO run_numbers AS numbers
            (project, composite_app, composite_app_version, deployment_intent_group, intent, last)
         SELECT $2, $3, $4, $5, $6, 1
         WHERE $10 IS NULL OR NOT EXISTS (SELECT 1 FROM runs WHERE ",
        of_intent!("$2", "$3", "$4", "$5", "$6"),
        " AND idempotency_key = $9 AND key_until IS NOT NULL)
         ON CONFLICT (project, composite_app, composite_app_version, deployment_intent_group, intent)
         DO UPDATE SET last = numbers.last + 1
         RETURNING last AS number"
    )
);

/// What a run's column `spec` holds. A start that asks for nothing beyond its intent leaves it empty: the intent's revisions are kept.
fn spec_column(spec: Option<&WorkflowIntentSpec>) -> String {
    spec.map(WorkflowIntentSpec::to_go_text).unwrap_or_default()
}

/// The spec of the revision that a run is of.
fn spec_of_intent(run: &Run, revision: Option<Revision>) -> Result<WorkflowIntentSpec, StoreError> {
    let intent = revision.and_then(|revision| revision.intent);
    intent.map(|intent| intent.spec).ok_or_else(|| StoreError::Inconsistent {
        table: "intent_revisions",
        column: "document",
        row: format!("{} {}", run.intent.name, run.revision),
        source: format!("start `{}` is of this revision, which is not there", run.id).into(),
    })
}

/// A length of time beyond the calendar is as good as for ever.
fn microseconds(time: Duration) -> i64 {
    const MOST: u64 = 1 << 60;
    i64::try_from(time.as_micros().min(u128::from(MOST))).unwrap_or(i64::MAX)
}

fn start_id(id: String) -> Result<StartId, StoreError> {
    id.parse().map_err(|error: uuid::Error| StoreError::Inconsistent {
        table: "runs",
        column: "id",
        row: id,
        source: error.into(),
    })
}
