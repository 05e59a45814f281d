//! What rules watch and have decided, in SQL.

use async_trait::async_trait;
use bridge_core::model::{DigKey, IntentKey, Observation, RuleKey, StartId, StartRecord, SubjectId};
use bridge_core::ports::{KeptCourse, RuleStore, StoreError};
use jiff::Timestamp;
use serde::Deserialize;
use sqlx::FromRow;
use workflow_api::{DecisionState, WorkflowState};

use super::start_row::{StartRow, start_columns, unreadable};
use super::{Sql, SqlStore, Value, of_intent};
use crate::error::failed;

/// The longest time in which rules look at an end that they have not noted themselves, in microseconds: one hour.
const SEEN_WITHIN: i64 = 3_600_000_000;

/// No name is greater.
pub(super) const LAST: &str = "\u{10ffff}";

pub(super) const INTENTS: &str =
    "SELECT project, composite_app, composite_app_version, deployment_intent_group, name, changed_at
     FROM intent_changes
     WHERE (project, composite_app, composite_app_version, deployment_intent_group, name) > ($1, $2, $3, $4, $5)
         AND project <= $6
     ORDER BY project, composite_app, composite_app_version, deployment_intent_group, name LIMIT $7";

/// Lists starts to watch. The index `runs_watched` has the rows of the first three conditions: the starts that are
/// open, and few that have ended, among which the last condition finds those that are the last of their intents.
macro_rules! watched {
    ($project:literal) => {
        concat!(
            "SELECT ",
            start_columns!(),
            " FROM runs
             WHERE outcome <> 'not_started' AND NOT already_running AND superseded = FALSE AND id > $1 ",
            $project,
            " AND (ended_at IS NULL OR noted_at > $3 OR NOT EXISTS (
                 SELECT 1 FROM runs AS later
                 WHERE (later.project, later.composite_app, later.composite_app_version,
                        later.deployment_intent_group, later.intent)
                     = (runs.project, runs.composite_app, runs.composite_app_version,
                        runs.deployment_intent_group, runs.intent)
                   AND later.number > runs.number
                   AND later.outcome <> 'not_started' AND NOT later.already_running AND later.superseded = FALSE))
             ORDER BY id LIMIT $2"
        )
    };
}

pub(super) const WATCHED: &str = watched!("");
pub(super) const WATCHED_IN_PROJECT: &str = watched!("AND project = $4");

const ENDED: &str = "SELECT id FROM runs WHERE id = $1 AND ended_at IS NOT NULL";
/// A start that has led to no workflow of its own has no end: the caller may have seen it before that was known.
const END: &str = "UPDATE runs SET end_state = $2, ended_at = $3, noted_at = $4
     WHERE id = $1 AND ended_at IS NULL AND outcome <> 'not_started' AND NOT already_running";

/// Returns the names of the intent of the start `$1`.
macro_rules! its_intent {
    () => {
        "(SELECT project, composite_app, composite_app_version, deployment_intent_group, intent
          FROM runs WHERE id = $1)"
    };
}

/// Notes which ended starts of an intent can never be its last again. An unknown start may turn out to have failed, so
/// only one that has surely started supersedes others. Each rule must have seen an end before.
pub(super) const SUPERSEDE: &str = concat!(
    "UPDATE runs SET superseded = TRUE
     WHERE (project, composite_app, composite_app_version, deployment_intent_group, intent) = ",
    its_intent!(),
    " AND ended_at IS NOT NULL AND superseded = FALSE AND noted_at <= $2
      AND number < (
          SELECT number FROM runs
          WHERE (project, composite_app, composite_app_version, deployment_intent_group, intent) = ",
    its_intent!(),
    " AND outcome <> 'not_started' AND NOT already_running AND superseded = FALSE AND outcome = 'started'
          ORDER BY number DESC LIMIT 1)"
);

pub(super) const FAILURES: &str =
    "SELECT id, ended_at FROM runs
     WHERE (project, composite_app, composite_app_version, deployment_intent_group, intent) = ($1, $2, $3, $4, $5)
         AND end_state IN ('Failed', 'TimedOut') AND ended_at >= $6
     ORDER BY ended_at DESC LIMIT $7";

const INSERT: &str =
    "INSERT INTO rule_courses (parent, name, subject, version, changed_at, settled, document)
     VALUES ($1, $2, $3, 1, $4, $5, $6) ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE rule_courses
     SET version = version + 1, changed_at = $4, settled = $5, document = $6
     WHERE (parent, name, subject) = ($1, $2, $3) AND version = $7";
const FIND: &str = "SELECT version FROM rule_courses WHERE (parent, name, subject) = ($1, $2, $3)";
const DELETE: &str = "DELETE FROM rule_courses WHERE (parent, name, subject) = ($1, $2, $3) AND version = $4";
pub(super) const FORGET: &str = "DELETE FROM rule_courses WHERE settled = TRUE AND changed_at < $1";

#[async_trait]
impl<S: Sql> RuleStore for SqlStore<S> {
    async fn intents_in(
        &self,
        project: Option<&str>,
        after: Option<&IntentKey>,
        limit: u32,
    ) -> Result<Vec<(IntentKey, Timestamp)>, StoreError> {
        let after = place_in(project, after);
        let values = of_intent(&after, &[project.unwrap_or(LAST).into(), i64::from(limit).into()]);
        let rows: Vec<IntentRow> = self.read("list intents", INTENTS, &values).await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    async fn watched(
        &self,
        project: Option<&str>,
        noted_after: Timestamp,
        after: Option<StartId>,
        limit: u32,
    ) -> Result<Vec<StartRecord>, StoreError> {
        let after = after.map(|after| after.to_string()).unwrap_or_default();
        let noted_after = noted_after.as_microsecond().into();
        let mut values = vec![after.as_str().into(), i64::from(limit).into(), noted_after];
        let statement = match project {
            Some(project) => {
                values.push(project.into());
                WATCHED_IN_PROJECT
            }
            None => WATCHED,
        };
        let rows: Vec<StartRow> = self.read("list starts to watch", statement, &values).await?;
        rows.into_iter().map(StartRecord::try_from).collect()
    }

    async fn run_ended(
        &self,
        start: StartId,
        state: WorkflowState,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (id, state) = (start.to_string(), state.to_string());
        let failed = failed("note the end of a workflow");
        // Most ends are known, because the last start of an intent stays watched. A query does not wait for writers.
        let known: Vec<(String,)> = self.read("look up an end", ENDED, &[id.as_str().into()]).await?;
        if !known.is_empty() {
            return Ok(());
        }
        let (at, noted) = (at.as_microsecond(), now.as_microsecond());
        let ended = [id.as_str().into(), state.as_str().into(), at.into(), noted.into()];
        let seen = [id.as_str().into(), (noted - SEEN_WITHIN).into()];
        let noted = self.execute_both((END, &ended), (SUPERSEDE, &seen), None).await;
        noted.map(drop).map_err(failed)
    }

    async fn failures(
        &self,
        intent: &IntentKey,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<Timestamp>, StoreError> {
        let values = of_intent(intent, &[since.as_microsecond().into(), i64::from(limit).into()]);
        let rows: Vec<(String, i64)> = self.read("list failures", FAILURES, &values).await?;
        let time =
            |(id, at): (String, i64)| Timestamp::from_microsecond(at).map_err(unreadable(&id, "ended_at"));
        rows.into_iter().map(time).collect()
    }

    async fn courses(
        &self,
        rule: &RuleKey,
        after: &SubjectId,
        limit: u32,
    ) -> Result<Vec<KeptCourse>, StoreError> {
        let list = "SELECT subject, version, document FROM rule_courses
             WHERE parent = $1 AND name = $2 AND subject > $3 ORDER BY subject LIMIT $4";
        let values = of(rule, after, &[i64::from(limit).into()]);
        let rows: Vec<(String, i64, String)> = self.read("list courses", list, &values).await?;
        let kept = |(subject, version, json)| KeptCourse { subject: SubjectId(subject), version, json };
        Ok(rows.into_iter().map(kept).collect())
    }

    async fn save_course(
        &self,
        rule: &RuleKey,
        subject: &SubjectId,
        before: Option<i64>,
        json: Option<&str>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let failed = failed("keep a course");
        let Some(json) = json else {
            let Some(before) = before else {
                let values = of(rule, subject, &[]);
                let rows: Vec<(i64,)> = self.read("look up a course", FIND, &values).await?;
                return Ok(rows.is_empty());
            };
            return Ok(
                self.execute("delete a course", DELETE, &of(rule, subject, &[before.into()])).await? > 0
            );
        };
        let settled = match is_settled(json) {
            Ok(settled) => settled,
            Err(error) => return Err(failed(sqlx::Error::Encode(error.into()))),
        };
        let kept = [at.as_microsecond().into(), settled.into(), json.into()];
        let mut values = of(rule, subject, &kept);
        let statement = match before {
            None => INSERT,
            Some(before) => {
                values.push(before.into());
                UPDATE
            }
        };
        Ok(self.execute("keep a course", statement, &values).await? > 0)
    }

    async fn observe(&self, seen: &[Observation]) -> Result<(), StoreError> {
        self.keep_observations(seen).await.map_err(failed("keep observations"))
    }

    async fn observations(
        &self,
        project: Option<&str>,
        since: Timestamp,
        after: Option<(&SubjectId, Timestamp)>,
        limit: u32,
    ) -> Result<Vec<Observation>, StoreError> {
        self.list_observations(project, since, after, limit).await
    }

    async fn forget_rule_history(&self, before: Timestamp) -> Result<(), StoreError> {
        self.forget_observations(before).await?;
        self.execute("delete old courses", FORGET, &[before.as_microsecond().into()]).await.map(drop)
    }
}

/// Returns the place after which a list of intents begins. One before the project means the project's beginning.
pub(super) fn place_in(project: Option<&str>, after: Option<&IntentKey>) -> IntentKey {
    let first = DigKey::new(project.unwrap_or_default(), "", "", "").intent("");
    after.filter(|after| **after > first).cloned().unwrap_or(first)
}

/// Returns the values of a statement whose first three values name a course.
fn of<'a>(rule: &'a RuleKey, subject: &'a SubjectId, others: &[Value<'a>]) -> Vec<Value<'a>> {
    let names = [rule.parent(), &rule.name, &subject.0].map(Value::from);
    [&names, others].concat()
}

/// Returns whether the decision of a course is quiet or cleared.
fn is_settled(json: &str) -> Result<bool, serde_json::Error> {
    #[derive(Deserialize)]
    struct Course {
        #[serde(default)]
        decision: Decision,
    }

    #[derive(Default, Deserialize)]
    struct Decision {
        #[serde(default)]
        state: DecisionState,
    }

    let course: Course = serde_json::from_str(json)?;
    Ok(matches!(course.decision.state, DecisionState::Quiet | DecisionState::Cleared))
}

#[derive(FromRow)]
struct IntentRow {
    project: String,
    composite_app: String,
    composite_app_version: String,
    deployment_intent_group: String,
    name: String,
    changed_at: i64,
}

impl TryFrom<IntentRow> for (IntentKey, Timestamp) {
    type Error = StoreError;

    fn try_from(row: IntentRow) -> Result<Self, StoreError> {
        let IntentRow { project, composite_app, composite_app_version: version, .. } = row;
        let key = DigKey::new(project, composite_app, version, row.deployment_intent_group).intent(row.name);
        let at = Timestamp::from_microsecond(row.changed_at).map_err(|error| StoreError::Inconsistent {
            table: "intent_revisions",
            column: "changed_at",
            row: key.to_string(),
            source: error.into(),
        })?;
        Ok((key, at))
    }
}
