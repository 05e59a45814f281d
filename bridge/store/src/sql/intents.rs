//! Intents in SQL.

use std::sync::Arc;

use async_trait::async_trait;
use bridge_core::access::Visible;
use bridge_core::model::{
    Change, ChangeKind, DigKey, Event, IntentKey, KeptIntent, Revision, RevisionNumber,
};
use bridge_core::ports::{IntentStore, StoreError};
use heavy::heavy;
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, FromRow};
use workflow_api::{WorkflowIntent, read, to_go_text};

use super::among::Among;
use super::{Sql, SqlStore, of_intent};
use crate::error::failed;

#[async_trait]
impl<S: Sql> IntentStore for SqlStore<S> {
    async fn latest_revision(&self, key: &IntentKey) -> Result<Option<Revision>, StoreError> {
        let look_up = async {
            let statement = "SELECT name, revision, action, rolled_back_to, changed_by, changed_at, document
                 FROM intent_revisions
                 WHERE (project, composite_app, composite_app_version, deployment_intent_group, name) = ($1, $2, $3, $4, $5)
                 ORDER BY revision DESC LIMIT 1";
            let rows = self.read("look up an intent", statement, &of_intent(key, &[])).await?;
            read_revision(rows).await
        };
        match self.0.caches() {
            Some(caches) => caches.revisions.get(key.clone(), look_up).await,
            None => look_up.await,
        }
    }

    async fn add_revision(
        &self,
        key: &IntentKey,
        revision: &Revision,
        event: Option<&Event>,
    ) -> Result<bool, StoreError> {
        let Revision { change, intent } = revision;
        let number = change.revision.get();
        let document = match intent.clone() {
            Some(intent) => Some(heavy(intent.size(), move || to_go_text(&*intent)).await),
            None => None,
        };
        let add = "INSERT INTO intent_revisions
                (project, composite_app, composite_app_version, deployment_intent_group, name,
                 revision, action, rolled_back_to, changed_by, changed_at, document)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT DO NOTHING";
        let added = of_intent(
            key,
            &[
                number.into(),
                change.kind.word().into(),
                change.kind.rolled_back_to().map(RevisionNumber::get).into(),
                change.by.as_str().into(),
                change.at.as_microsecond().into(),
                document.as_deref().into(),
            ],
        );
        let (list, listed) = if intent.is_some() {
            let list = "INSERT INTO intents
                    (project, composite_app, composite_app_version, deployment_intent_group, name, revision)
                 VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (project, composite_app, composite_app_version, deployment_intent_group, name)
                 DO UPDATE SET revision = excluded.revision";
            (list, of_intent(key, &[number.into()]))
        } else {
            let unlist = "DELETE FROM intents
                 WHERE (project, composite_app, composite_app_version, deployment_intent_group, name) = ($1, $2, $3, $4, $5)";
            (unlist, of_intent(key, &[]))
        };
        let result = self.execute_both((add, &added), (list, &listed), event).await;
        // Also after a failure: the change may have been committed nevertheless.
        self.0.caches().inspect(|caches| caches.revisions.forget(key));
        result.map_err(failed("store a change of an intent"))
    }

    async fn intents(
        &self,
        dig: &DigKey,
        visible: &Visible,
        after: &str,
        limit: u32,
    ) -> Result<Vec<KeptIntent>, StoreError> {
        let among = Among::new(visible, 7);
        let statement = format!(
            "SELECT name, revision, document
             FROM intents
             JOIN intent_revisions
             USING (project, composite_app, composite_app_version, deployment_intent_group, name, revision)
             WHERE project = $1 AND composite_app = $2 AND composite_app_version = $3
               AND deployment_intent_group = $4 AND name > $5 {}
             ORDER BY name LIMIT $6",
            among.condition
        );
        let after = dig.intent(after);
        let mut values = of_intent(&after, &[i64::from(limit).into()]);
        values.extend(among.values());
        // The text has no names, only places for them.
        let statement = AssertSqlSafe(statement);
        let rows: Vec<IntentRow> = self.read("list intents", statement, &values).await?;
        let size = rows.iter().map(|row| row.document.len()).sum();
        heavy(size, move || rows.into_iter().map(KeptIntent::try_from).collect()).await
    }

    async fn groups(
        &self,
        project: Option<&str>,
        after: Option<&DigKey>,
        limit: u32,
    ) -> Result<Vec<DigKey>, StoreError> {
        let statement =
            "SELECT DISTINCT project, composite_app, composite_app_version, deployment_intent_group
             FROM intents
             WHERE ($1 IS NULL OR project = $1)
               AND (project, composite_app, composite_app_version, deployment_intent_group) > ($2, $3, $4, $5)
             ORDER BY project, composite_app, composite_app_version, deployment_intent_group LIMIT $6";
        // No name is empty.
        let none = DigKey::new("", "", "", "");
        let DigKey { project: of, composite_app, version, dig } = after.unwrap_or(&none);
        let after = [of, composite_app, version, dig].map(|name| name.as_str().into());
        let [of, app, version, dig] = after;
        let values = [project.into(), of, app, version, dig, i64::from(limit).into()];
        let rows: Vec<(String, String, String, String)> =
            self.read("list the deployment intent groups", statement, &values).await?;
        Ok(rows
            .into_iter()
            .map(|(project, app, version, dig)| DigKey::new(project, app, version, dig))
            .collect())
    }

    async fn revision(
        &self,
        key: &IntentKey,
        number: RevisionNumber,
    ) -> Result<Option<Revision>, StoreError> {
        let statement = "SELECT name, revision, action, rolled_back_to, changed_by, changed_at, document
             FROM intent_revisions
             WHERE (project, composite_app, composite_app_version, deployment_intent_group, name) = ($1, $2, $3, $4, $5)
               AND revision = $6";
        let values = of_intent(key, &[number.get().into()]);
        let rows: Vec<RevisionRow> = self.read("look up a revision", statement, &values).await?;
        read_revision(rows).await
    }

    async fn changes(
        &self,
        key: &IntentKey,
        before: Option<RevisionNumber>,
        limit: u32,
    ) -> Result<Vec<Change>, StoreError> {
        let statement = "SELECT name, revision, action, rolled_back_to, changed_by, changed_at
             FROM intent_revisions
             WHERE (project, composite_app, composite_app_version, deployment_intent_group, name) = ($1, $2, $3, $4, $5)
               AND revision < $6
             ORDER BY revision DESC LIMIT $7";
        let before = before.map_or(i64::MAX, RevisionNumber::get);
        let values = of_intent(key, &[before.into(), i64::from(limit).into()]);
        let rows: Vec<ChangeRow> = self.read("list revisions", statement, &values).await?;
        rows.into_iter().map(Change::try_from).collect()
    }
}

#[derive(FromRow)]
struct IntentRow {
    name: String,
    revision: i64,
    document: String,
}

impl TryFrom<IntentRow> for KeptIntent {
    type Error = StoreError;

    fn try_from(row: IntentRow) -> Result<Self, StoreError> {
        let intent = intent(&row.document, &row.name, row.revision)?;
        Ok(Self { revision: row.revision.into(), intent: Arc::new(intent) })
    }
}

#[derive(FromRow)]
struct ChangeRow {
    name: String,
    revision: i64,
    action: String,
    rolled_back_to: Option<i64>,
    changed_by: String,
    changed_at: i64,
}

impl TryFrom<ChangeRow> for Change {
    type Error = StoreError;

    fn try_from(row: ChangeRow) -> Result<Self, StoreError> {
        let kind = match (row.action.as_str(), row.rolled_back_to) {
            ("created", _) => ChangeKind::Created,
            ("replaced", _) => ChangeKind::Replaced,
            ("rolled_back", Some(to)) => ChangeKind::RolledBack { to: to.into() },
            ("deleted", _) => ChangeKind::Deleted,
            (other, _) => {
                let text = format!("`{other}` is not an action");
                return Err(unreadable("action", &row.name, row.revision, text));
            }
        };
        let at = Timestamp::from_microsecond(row.changed_at)
            .map_err(|error| unreadable("changed_at", &row.name, row.revision, error))?;
        Ok(Self { revision: row.revision.into(), kind, by: row.changed_by, at })
    }
}

#[derive(FromRow)]
struct RevisionRow {
    #[sqlx(flatten)]
    change: ChangeRow,
    document: Option<String>,
}

impl TryFrom<RevisionRow> for Revision {
    type Error = StoreError;

    fn try_from(row: RevisionRow) -> Result<Self, StoreError> {
        let intent = row
            .document
            .map(|document| intent(&document, &row.change.name, row.change.revision))
            .transpose()?
            .map(Arc::new);
        Ok(Self { change: row.change.try_into()?, intent })
    }
}

/// Returns the revision of the first row.
async fn read_revision(rows: Vec<RevisionRow>) -> Result<Option<Revision>, StoreError> {
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let size = row.document.as_ref().map_or(0, String::len);
    heavy(size, move || row.try_into().map(Some)).await
}

fn intent(document: &str, name: &str, revision: i64) -> Result<WorkflowIntent, StoreError> {
    let read = read(document.as_bytes()).map_err(|error| unreadable("document", name, revision, error))?;
    Ok(read.value)
}

fn unreadable(
    column: &'static str,
    name: &str,
    revision: i64,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    let row = format!("{name} {revision}");
    StoreError::Inconsistent { table: "intent_revisions", column, row, source: source.into() }
}
