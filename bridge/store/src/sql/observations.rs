//! What rules have seen, in SQL.

use std::collections::BTreeMap;

use bridge_core::model::{Facts, IntentKey, Observation, SubjectId};
use bridge_core::ports::StoreError;
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, FromRow};

use super::alarms::text_of;
use super::{Sql, SqlStore, Value};

/// The largest number of observations in one transaction. On SQLite, starts wait until it is over.
const MOST: usize = 64;
/// The largest number of old observations that one statement deletes, for the same reason.
const FORGOTTEN: u64 = 2_000;

/// Lists observations.
macro_rules! seen {
    ($project:literal) => {
        concat!(
            "SELECT subject, at, intent, document FROM rule_observations
             WHERE (subject, at) > ($1, $2) AND at >= $3 ",
            $project,
            " ORDER BY subject, at LIMIT $4"
        )
    };
}

pub(super) const SEEN: &str = seen!("");
pub(super) const SEEN_IN_PROJECT: &str = seen!("AND project = $5");
pub(super) const TRIM: &str = "DELETE FROM rule_observations WHERE subject = $1 AND at <= $2";
pub(super) const FORGET: &str = "DELETE FROM rule_observations WHERE (subject, at) IN (
     SELECT subject, at FROM rule_observations WHERE at < $1 ORDER BY at LIMIT $2)";

#[expect(private_bounds, reason = "nobody else calls these functions")]
impl<S: Sql> SqlStore<S> {
    pub(super) async fn keep_observations(&self, seen: &[Observation]) -> Result<(), sqlx::Error> {
        // Without two of one moment, which a statement cannot write, and in an order, so that writers do not wait for
        // each other in a circle.
        let seen: BTreeMap<_, _> =
            seen.iter().map(|one| ((one.subject.0.as_str(), one.at.as_microsecond()), one)).collect();
        let rows: Vec<_> = seen.into_iter().collect();
        let mut rest = rows.as_slice();
        while !rest.is_empty() {
            self.0.guard()?;
            // Few lengths, because a connection keeps each statement that it has prepared.
            let count = 1 << rest.len().min(MOST).ilog2();
            let (rows, others) = rest.split_at(count);
            let (mut texts, mut subjects) = (Vec::with_capacity(count), Vec::with_capacity(count));
            for ((subject, _), one) in rows {
                texts.push((one.intent.to_string(), text_of(&one.facts)?));
                subjects.push(Value::from(*subject));
            }
            let mut values = Vec::with_capacity(5 * count);
            for (((subject, at), one), (intent, document)) in rows.iter().zip(&texts) {
                let project = one.intent.dig.project.as_str();
                values.extend([Value::from(*subject), (*at).into(), project.into()]);
                values.extend([Value::from(intent.as_str()), document.as_str().into()]);
            }
            let mut transaction = self.0.writers().1.begin().await?;
            // The texts have no values, only places for them.
            S::execute(&mut *transaction, AssertSqlSafe(keep(count)), &values).await?;
            let full: Vec<(String, i64)> =
                S::fetch(&mut *transaction, AssertSqlSafe(full(count)), &subjects).await?;
            for (subject, oldest) in &full {
                S::execute(&mut *transaction, TRIM, &[subject.as_str().into(), (*oldest).into()]).await?;
            }
            transaction.commit().await?;
            rest = others;
        }
        Ok(())
    }

    pub(super) async fn list_observations(
        &self,
        project: Option<&str>,
        since: Timestamp,
        after: Option<(&SubjectId, Timestamp)>,
        limit: u32,
    ) -> Result<Vec<Observation>, StoreError> {
        let (subject, at) =
            after.map_or(("", i64::MIN), |(subject, at)| (subject.0.as_str(), at.as_microsecond()));
        let mut values =
            vec![subject.into(), at.into(), since.as_microsecond().into(), i64::from(limit).into()];
        let statement = match project {
            Some(project) => {
                values.push(project.into());
                SEEN_IN_PROJECT
            }
            None => SEEN,
        };
        let rows: Vec<ObservationRow> = self.read("list observations", statement, &values).await?;
        rows.into_iter().map(Observation::try_from).collect()
    }

    pub(super) async fn forget_observations(&self, before: Timestamp) -> Result<(), StoreError> {
        let limit = i64::try_from(FORGOTTEN).unwrap_or(i64::MAX);
        let values = [before.as_microsecond().into(), limit.into()];
        while self.execute("delete old observations", FORGET, &values).await? >= FORGOTTEN {}
        Ok(())
    }
}

/// Returns the statement that keeps this number of observations.
fn keep(count: usize) -> String {
    let row = |row: usize| {
        let places: Vec<_> = (1..=5).map(|column| format!("${}", 5 * row + column)).collect();
        format!("({})", places.join(", "))
    };
    let rows: Vec<_> = (0..count).map(row).collect();
    format!(
        "INSERT INTO rule_observations (subject, at, project, intent, document) VALUES {}
         ON CONFLICT (subject, at)
         DO UPDATE SET project = excluded.project, intent = excluded.intent, document = excluded.document",
        rows.join(", ")
    )
}

/// Returns the statement that finds those of this number of subjects that have more than 500 observations, and the
/// newest that does not stay. Deleting them for all subjects in one statement would make PostgreSQL read the table.
fn full(count: usize) -> String {
    let subjects: Vec<_> = (1..=count).map(|place| format!("(${place})")).collect();
    format!(
        "SELECT subject, at FROM (
             SELECT column1 AS subject,
                 (SELECT at FROM rule_observations WHERE subject = column1 ORDER BY at DESC LIMIT 1 OFFSET 500) AS at
             FROM (SELECT DISTINCT column1 FROM (VALUES {}) AS given) AS subjects) AS full_ones
         WHERE at IS NOT NULL ORDER BY subject",
        subjects.join(", ")
    )
}

#[derive(FromRow)]
struct ObservationRow {
    subject: String,
    at: i64,
    intent: String,
    document: String,
}

impl TryFrom<ObservationRow> for Observation {
    type Error = StoreError;

    fn try_from(row: ObservationRow) -> Result<Self, StoreError> {
        let unreadable =
            |column, source: Box<dyn std::error::Error + Send + Sync>| StoreError::Inconsistent {
                table: "rule_observations",
                column,
                row: format!("{} {}", row.subject, row.at),
                source,
            };
        let at = Timestamp::from_microsecond(row.at).map_err(|error| unreadable("at", error.into()))?;
        let intent = IntentKey::read(&row.intent)
            .ok_or_else(|| unreadable("intent", format!("`{}` is not a path", row.intent).into()))?;
        let facts: Facts =
            serde_json::from_str(&row.document).map_err(|error| unreadable("document", error.into()))?;
        Ok(Self { subject: SubjectId(row.subject), intent, at, facts })
    }
}
