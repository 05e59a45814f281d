//! Runs in SQL.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;
use workflow_api::RunId;

use super::failed;
use crate::intent::{DigKey, IntentKey, Outcome, Run};
use crate::storage::{PostgresStore, RunStore, SqliteStore, StoreError};

/// Implements [`RunStore`](crate::storage::RunStore).
macro_rules! run_store {
    ($store:ty) => {
        #[async_trait]
        impl RunStore for $store {
            async fn add_run(&self, run: &Run) -> Result<(), StoreError> {
                let (run_id, reason, settled_at) = columns(&run.outcome);
                sqlx::query(
                    "INSERT INTO runs
                        (id, project, composite_app, composite_app_version, deployment_intent_group, intent,
                         workflow_id, idempotency_key, requested_at, outcome, run_id, reason, settled_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
                )
                .bind(run.id.to_string())
                .bind(&run.intent.dig.project)
                .bind(&run.intent.dig.composite_app)
                .bind(&run.intent.dig.version)
                .bind(&run.intent.dig.dig)
                .bind(&run.intent.name)
                .bind(run.workflow_id.as_str())
                .bind(&run.idempotency_key)
                .bind(run.requested_at.as_microsecond())
                .bind(run.outcome.word())
                .bind(run_id)
                .bind(reason)
                .bind(settled_at)
                .execute(self.writer())
                .await
                .map_err(failed("keep a run"))?;
                Ok(())
            }

            async fn settle_run(&self, run: &Run) -> Result<bool, StoreError> {
                let (run_id, reason, settled_at) = columns(&run.outcome);
                let settled = sqlx::query(
                    "UPDATE runs SET workflow_id = $1, outcome = $2, run_id = $3, reason = $4, settled_at = $5
                     WHERE id = $6 AND outcome = 'starting'",
                )
                .bind(run.workflow_id.as_str())
                .bind(run.outcome.word())
                .bind(run_id)
                .bind(reason)
                .bind(settled_at)
                .bind(run.id.to_string())
                .execute(self.writer())
                .await
                .map_err(failed("settle a run"))?;
                Ok(settled.rows_affected() > 0)
            }

            async fn runs(&self, key: &IntentKey) -> Result<Vec<Run>, StoreError> {
                let rows: Vec<RunRow> = sqlx::query_as(
                    "SELECT id, project, composite_app, composite_app_version, deployment_intent_group, intent,
                        workflow_id, idempotency_key, requested_at, outcome, run_id, reason, settled_at
                     FROM runs
                     WHERE project = $1 AND composite_app = $2 AND composite_app_version = $3 AND deployment_intent_group = $4
                       AND intent = $5
                     ORDER BY requested_at DESC, id DESC",
                )
                .bind(&key.dig.project)
                .bind(&key.dig.composite_app)
                .bind(&key.dig.version)
                .bind(&key.dig.dig)
                .bind(&key.name)
                .fetch_all(self.readers())
                .await
                .map_err(failed("list runs"))?;
                rows.into_iter().map(Run::try_from).collect()
            }

            async fn unsettled_runs(&self, before: Timestamp) -> Result<Vec<Run>, StoreError> {
                let rows: Vec<RunRow> = sqlx::query_as(
                    "SELECT id, project, composite_app, composite_app_version, deployment_intent_group, intent,
                        workflow_id, idempotency_key, requested_at, outcome, run_id, reason, settled_at
                     FROM runs WHERE outcome = 'starting' AND requested_at < $1 ORDER BY requested_at, id",
                )
                .bind(before.as_microsecond())
                .fetch_all(self.readers())
                .await
                .map_err(failed("list unsettled runs"))?;
                rows.into_iter().map(Run::try_from).collect()
            }
        }
    };
}
run_store!(SqliteStore);
run_store!(PostgresStore);

/// The columns `run_id`, `reason` and `settled_at` of an outcome.
fn columns(outcome: &Outcome) -> (Option<&str>, Option<&str>, Option<i64>) {
    match outcome {
        Outcome::Starting => (None, None, None),
        Outcome::Started { run_id, at } => {
            (run_id.as_ref().map(RunId::as_str), None, Some(at.as_microsecond()))
        }
        Outcome::NotStarted { reason, at } | Outcome::Unknown { reason, at } => {
            (None, Some(reason), Some(at.as_microsecond()))
        }
    }
}

#[derive(FromRow)]
struct RunRow {
    id: String,
    #[sqlx(flatten)]
    intent: KeyColumns,
    workflow_id: String,
    idempotency_key: String,
    requested_at: i64,
    outcome: String,
    run_id: Option<String>,
    reason: Option<String>,
    settled_at: Option<i64>,
}

#[derive(FromRow)]
struct KeyColumns {
    project: String,
    composite_app: String,
    composite_app_version: String,
    deployment_intent_group: String,
    intent: String,
}

impl From<KeyColumns> for IntentKey {
    fn from(columns: KeyColumns) -> Self {
        let dig = DigKey {
            project: columns.project,
            composite_app: columns.composite_app,
            version: columns.composite_app_version,
            dig: columns.deployment_intent_group,
        };
        dig.intent(columns.intent)
    }
}

impl TryFrom<RunRow> for Run {
    type Error = StoreError;

    fn try_from(row: RunRow) -> Result<Self, StoreError> {
        fn unreadable<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
            row: &str,
            column: &'static str,
        ) -> impl FnOnce(E) -> StoreError {
            move |source| StoreError::Inconsistent {
                table: "runs",
                column,
                row: row.to_owned(),
                source: source.into(),
            }
        }
        let time = |column, microseconds| {
            Timestamp::from_microsecond(microseconds).map_err(unreadable(&row.id, column))
        };
        let at = time("settled_at", row.settled_at.unwrap_or_default())?;
        let reason = row.reason.unwrap_or_default();
        let outcome = match row.outcome.as_str() {
            "starting" => Outcome::Starting,
            "started" => Outcome::Started { run_id: row.run_id.map(RunId::from), at },
            "not_started" => Outcome::NotStarted { reason, at },
            "unknown" => Outcome::Unknown { reason, at },
            other => return Err(unreadable(&row.id, "outcome")(format!("`{other}` is no outcome"))),
        };
        Ok(Self {
            id: row.id.parse::<Uuid>().map_err(unreadable(&row.id, "id"))?.into(),
            intent: row.intent.into(),
            workflow_id: row.workflow_id.into(),
            idempotency_key: row.idempotency_key,
            requested_at: time("requested_at", row.requested_at)?,
            outcome,
        })
    }
}
