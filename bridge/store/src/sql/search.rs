//! Searches over all groups, in SQL.

use std::sync::Arc;

use async_trait::async_trait;
use bridge_core::model::{DigKey, IntentKey, KeptIntent, StartId, StartRecord};
use bridge_core::ports::{FoundIntent, SearchStore, StoreError};
use heavy::heavy;
use jiff::Timestamp;
use sqlx::FromRow;
use workflow_api::read;

use super::among::containing;
use super::rules::{LAST, place_in};
use super::start_row::{StartRow, start_columns};
use super::{Sql, SqlStore, Value, of_intent};

pub(super) const INTENTS: &str =
    "SELECT project, composite_app, composite_app_version, deployment_intent_group, name, revision, changed_at, document
     FROM intent_documents
     WHERE (project, composite_app, composite_app_version, deployment_intent_group, name) > ($1, $2, $3, $4, $5)
         AND project <= $6 AND lower(name) LIKE $7 ESCAPE '!'
     ORDER BY project, composite_app, composite_app_version, deployment_intent_group, name LIMIT $8";

macro_rules! starts {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            start_columns!(),
            " FROM runs WHERE id < $1 ",
            $condition,
            " ORDER BY id DESC LIMIT $2"
        )
    };
}

pub(super) const STARTS: &str = starts!("");
pub(super) const STARTS_IN_PROJECT: &str = starts!("AND project = $3");
// The index `runs_watched` has the rows of the first three conditions.
pub(super) const OPEN: &str = starts!(
    "AND outcome <> 'not_started' AND NOT already_running AND superseded = FALSE AND ended_at IS NULL"
);
pub(super) const OPEN_IN_PROJECT: &str = starts!(
    "AND outcome <> 'not_started' AND NOT already_running AND superseded = FALSE AND ended_at IS NULL \
     AND project = $3"
);

#[async_trait]
impl<S: Sql> SearchStore for SqlStore<S> {
    async fn search_intents(
        &self,
        project: Option<&str>,
        text: &str,
        after: Option<&IntentKey>,
        limit: u32,
    ) -> Result<Vec<FoundIntent>, StoreError> {
        let after = place_in(project, after);
        let pattern = containing(&text.to_lowercase());
        let others = [project.unwrap_or(LAST).into(), pattern.as_str().into(), i64::from(limit).into()];
        let rows: Vec<Row> = self.read("search intents", INTENTS, &of_intent(&after, &others)).await?;
        let size = rows.iter().map(|row| row.document.len()).sum();
        heavy(size, move || rows.into_iter().map(FoundIntent::try_from).collect()).await
    }

    async fn search_starts(
        &self,
        project: Option<&str>,
        open: bool,
        before: Option<StartId>,
        limit: u32,
    ) -> Result<Vec<StartRecord>, StoreError> {
        let before = before.map_or_else(|| LAST.to_owned(), |before| before.to_string());
        let mut values = vec![before.as_str().into(), i64::from(limit).into()];
        values.extend(project.map(Value::from));
        let statement = match (open, project) {
            (false, None) => STARTS,
            (false, Some(_)) => STARTS_IN_PROJECT,
            (true, None) => OPEN,
            (true, Some(_)) => OPEN_IN_PROJECT,
        };
        let rows: Vec<StartRow> = self.read("search starts", statement, &values).await?;
        rows.into_iter().map(StartRecord::try_from).collect()
    }
}

#[derive(FromRow)]
struct Row {
    project: String,
    composite_app: String,
    composite_app_version: String,
    deployment_intent_group: String,
    name: String,
    revision: i64,
    changed_at: i64,
    document: String,
}

impl TryFrom<Row> for FoundIntent {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let Row { project, composite_app, composite_app_version: version, name, revision, .. } = row;
        let key = DigKey::new(project, composite_app, version, row.deployment_intent_group).intent(name);
        let unreadable = |column, source| StoreError::Inconsistent {
            table: "intent_revisions",
            column,
            row: format!("{key} {revision}"),
            source,
        };
        let changed_at = Timestamp::from_microsecond(row.changed_at)
            .map_err(|error| unreadable("changed_at", error.into()))?;
        let intent =
            read(row.document.as_bytes()).map_err(|error| unreadable("document", error.into()))?.value;
        Ok(Self { kept: KeptIntent { revision: revision.into(), intent: Arc::new(intent) }, key, changed_at })
    }
}
