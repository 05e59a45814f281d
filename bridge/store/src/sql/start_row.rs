//! The conversion between starts and rows.

use std::error::Error;

use bridge_core::model::{DigKey, IntentKey, Outcome, StartKey, StartRecord};
use bridge_core::ports::StoreError;
use jiff::Timestamp;
use sqlx::{FromRow, Row};
use workflow_api::{RunId, WorkflowId, WorkflowIntentSpec, read};

/// The columns of a start without `spec`, which is long and rarely needed.
macro_rules! start_columns {
    () => {
        "id, project, composite_app, composite_app_version, deployment_intent_group, intent, number, revision, \
         workflow_id, requested_id, idempotency_key, fingerprint, started_by, requested_at, attempt, \
         outcome, run_id, already_running, reason, settled_at"
    };
}
pub(super) use start_columns;

/// The columns of an outcome.
pub(super) struct OutcomeColumns<'a> {
    pub(super) run_id: Option<&'a str>,
    pub(super) already_running: bool,
    pub(super) reason: Option<&'a str>,
    pub(super) settled_at: Option<i64>,
}

impl<'a> From<&'a Outcome> for OutcomeColumns<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        let none = Self { run_id: None, already_running: false, reason: None, settled_at: None };
        match outcome {
            Outcome::Starting => none,
            Outcome::Started { run_id, already_running, at } => Self {
                run_id: run_id.as_ref().map(RunId::as_str),
                already_running: *already_running,
                settled_at: Some(at.as_microsecond()),
                ..none
            },
            Outcome::NotStarted { reason, at } | Outcome::Unknown { reason, at } => {
                Self { reason: Some(reason), settled_at: Some(at.as_microsecond()), ..none }
            }
        }
    }
}

/// The row of a start.
#[derive(FromRow)]
pub(super) struct StartRow {
    id: String,
    #[sqlx(flatten)]
    intent: KeyColumns,
    number: i64,
    revision: i64,
    workflow_id: String,
    requested_id: Option<String>,
    idempotency_key: String,
    fingerprint: Option<String>,
    started_by: String,
    requested_at: i64,
    attempt: i64,
    outcome: String,
    run_id: Option<String>,
    already_running: bool,
    reason: Option<String>,
    settled_at: Option<i64>,
}

/// The row of a start that may have to be made again. An empty `spec` means the intent's own.
#[derive(FromRow)]
pub(super) struct SpecRow {
    #[sqlx(flatten)]
    start: StartRow,
    spec: String,
}

struct KeyColumns(IntentKey);

impl<'r, R: Row> FromRow<'r, R> for KeyColumns
where
    &'static str: sqlx::ColumnIndex<R>,
    String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let dig = DigKey {
            project: row.try_get("project")?,
            composite_app: row.try_get("composite_app")?,
            version: row.try_get("composite_app_version")?,
            dig: row.try_get("deployment_intent_group")?,
        };
        Ok(Self(dig.intent(row.try_get::<String, _>("intent")?)))
    }
}

/// Returns a function that names an unreadable value.
pub(super) fn unreadable<E: Into<Box<dyn Error + Send + Sync>>>(
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

impl TryFrom<StartRow> for StartRecord {
    type Error = StoreError;

    fn try_from(row: StartRow) -> Result<Self, StoreError> {
        let time = |column, microseconds| {
            Timestamp::from_microsecond(microseconds).map_err(unreadable(&row.id, column))
        };
        let at = time("settled_at", row.settled_at.unwrap_or_default())?;
        let reason = row.reason.unwrap_or_default();
        let outcome = match row.outcome.as_str() {
            "starting" => Outcome::Starting,
            "started" => Outcome::Started {
                run_id: row.run_id.map(RunId::from),
                already_running: row.already_running,
                at,
            },
            "not_started" => Outcome::NotStarted { reason, at },
            "unknown" => Outcome::Unknown { reason, at },
            other => return Err(unreadable(&row.id, "outcome")(format!("`{other}` is not an outcome"))),
        };
        Ok(Self {
            id: row.id.parse().map_err(unreadable(&row.id, "id"))?,
            intent: row.intent.0,
            number: row.number,
            revision: row.revision,
            workflow_id: row.workflow_id.into(),
            requested_id: row.requested_id.map(WorkflowId::from),
            key: StartKey { text: row.idempotency_key, fingerprint: row.fingerprint },
            started_by: row.started_by,
            requested_at: time("requested_at", row.requested_at)?,
            attempt: row.attempt,
            outcome,
        })
    }
}

impl TryFrom<SpecRow> for (StartRecord, Option<WorkflowIntentSpec>) {
    type Error = StoreError;

    fn try_from(row: SpecRow) -> Result<Self, StoreError> {
        let spec = (!row.spec.is_empty()).then(|| read(row.spec.as_bytes())).transpose();
        let spec = spec.map_err(unreadable(&row.start.id, "spec"))?;
        Ok((row.start.try_into()?, spec.map(|read| read.value)))
    }
}
