//! Intents in SQL.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{Connection, FromRow};
use workflow_api::{WorkflowIntent, read, to_go_text};

use super::{bind_key, failed};
use crate::intent::{Action, Change, DigKey, IntentKey, KeptIntent, Revision, RevisionNumber};
use crate::storage::{IntentStore, PostgresStore, SqliteStore, StoreError};

/// Implements [`IntentStore`].
macro_rules! intent_store {
    ($store:ty) => {
        #[async_trait]
        impl IntentStore for $store {
            async fn latest_revision(&self, key: &IntentKey) -> Result<Option<Revision>, StoreError> {
                let since = match self.latest().map(|latest| latest.get(key)) {
                    Some(Ok(revision)) => return Ok(Some(revision)),
                    Some(Err(since)) => Some(since),
                    None => None,
                };
                let query = sqlx::query_as(
                    "SELECT name, revision, action, rolled_back_to, changed_by, changed_at, document
                     FROM intent_revisions
                     WHERE project = $1 AND composite_app = $2 AND composite_app_version = $3
                       AND deployment_intent_group = $4 AND name = $5
                     ORDER BY revision DESC
                     LIMIT 1",
                );
                let row: Option<RevisionRow> = bind_key!(query, key)
                    .fetch_optional(self.readers())
                    .await
                    .map_err(failed("look up an intent"))?;
                let revision = row.map(Revision::try_from).transpose()?;
                if let (Some(latest), Some(since), Some(revision)) = (self.latest(), since, &revision) {
                    latest.keep(since, key, revision);
                }
                Ok(revision)
            }

            async fn add_revision(&self, key: &IntentKey, revision: &Revision) -> Result<bool, StoreError> {
                let failed = || failed("keep a change of an intent");
                let Revision { change, intent } = revision;
                let mut writer = self.writer().await?;
                let mut transaction = writer.begin().await.map_err(failed())?;
                let add = sqlx::query(
                    "INSERT INTO intent_revisions
                        (project, composite_app, composite_app_version, deployment_intent_group, name,
                         revision, action, rolled_back_to, changed_by, changed_at, document)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                     ON CONFLICT DO NOTHING",
                );
                let added = bind_key!(add, key)
                    .bind(change.revision.get())
                    .bind(change.action.word())
                    .bind(change.action.rolled_back_to().map(RevisionNumber::get))
                    .bind(&change.by)
                    .bind(change.at.as_microsecond())
                    .bind(intent.as_ref().map(to_go_text))
                    .execute(&mut *transaction)
                    .await
                    .map_err(failed())?;
                if added.rows_affected() == 0 {
                    return Ok(false);
                }
                let list = if intent.is_some() {
                    let list = sqlx::query(
                        "INSERT INTO intents
                            (project, composite_app, composite_app_version, deployment_intent_group, name, revision)
                         VALUES ($1, $2, $3, $4, $5, $6)
                         ON CONFLICT (project, composite_app, composite_app_version, deployment_intent_group, name)
                         DO UPDATE SET revision = excluded.revision",
                    );
                    bind_key!(list, key).bind(change.revision.get())
                } else {
                    let unlist = sqlx::query(
                        "DELETE FROM intents
                         WHERE project = $1 AND composite_app = $2 AND composite_app_version = $3
                           AND deployment_intent_group = $4 AND name = $5",
                    );
                    bind_key!(unlist, key)
                };
                list.execute(&mut *transaction).await.map_err(failed())?;
                let committed = transaction.commit().await;
                // Also where it is not known whether it was committed.
                self.latest().inspect(|latest| latest.forget(key));
                committed.map_err(failed())?;
                Ok(true)
            }

            async fn intents(
                &self,
                dig: &DigKey,
                after: &str,
                limit: u32,
            ) -> Result<Vec<KeptIntent>, StoreError> {
                let rows: Vec<IntentRow> = sqlx::query_as(
                    "SELECT name, revision, document
                     FROM intents
                     JOIN intent_revisions
                     USING (project, composite_app, composite_app_version, deployment_intent_group, name, revision)
                     WHERE project = $1 AND composite_app = $2 AND composite_app_version = $3
                       AND deployment_intent_group = $4 AND name > $5
                     ORDER BY name
                     LIMIT $6",
                )
                .bind(&dig.project)
                .bind(&dig.composite_app)
                .bind(&dig.version)
                .bind(&dig.dig)
                .bind(after)
                .bind(i64::from(limit))
                .fetch_all(self.readers())
                .await
                .map_err(failed("list intents"))?;
                rows.into_iter().map(KeptIntent::try_from).collect()
            }

            async fn revision(
                &self,
                key: &IntentKey,
                number: RevisionNumber,
            ) -> Result<Option<Revision>, StoreError> {
                let query = sqlx::query_as(
                    "SELECT name, revision, action, rolled_back_to, changed_by, changed_at, document
                     FROM intent_revisions
                     WHERE project = $1 AND composite_app = $2 AND composite_app_version = $3
                       AND deployment_intent_group = $4 AND name = $5 AND revision = $6",
                );
                let row: Option<RevisionRow> = bind_key!(query, key)
                    .bind(number.get())
                    .fetch_optional(self.readers())
                    .await
                    .map_err(failed("look up a revision"))?;
                row.map(Revision::try_from).transpose()
            }

            async fn changes(
                &self,
                key: &IntentKey,
                before: Option<RevisionNumber>,
                limit: u32,
            ) -> Result<Vec<Change>, StoreError> {
                let query = sqlx::query_as(
                    "SELECT name, revision, action, rolled_back_to, changed_by, changed_at
                     FROM intent_revisions
                     WHERE project = $1 AND composite_app = $2 AND composite_app_version = $3
                       AND deployment_intent_group = $4 AND name = $5 AND revision < $6
                     ORDER BY revision DESC
                     LIMIT $7",
                );
                let rows: Vec<ChangeRow> = bind_key!(query, key)
                    .bind(before.map_or(i64::MAX, RevisionNumber::get))
                    .bind(i64::from(limit))
                    .fetch_all(self.readers())
                    .await
                    .map_err(failed("list revisions"))?;
                rows.into_iter().map(Change::try_from).collect()
            }
        }
    };
}
intent_store!(SqliteStore);
intent_store!(PostgresStore);

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
        Ok(Self { revision: row.revision.into(), intent })
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
        let action = match (row.action.as_str(), row.rolled_back_to) {
            ("created", _) => Action::Created,
            ("replaced", _) => Action::Replaced,
            ("rolled_back", Some(to)) => Action::RolledBack { to: to.into() },
            ("deleted", _) => Action::Deleted,
            (other, _) => {
                let text = format!("`{other}` is no action");
                return Err(unreadable("action", &row.name, row.revision, text));
            }
        };
        let at = Timestamp::from_microsecond(row.changed_at)
            .map_err(|error| unreadable("changed_at", &row.name, row.revision, error))?;
        Ok(Self { revision: row.revision.into(), action, by: row.changed_by, at })
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
            .transpose()?;
        Ok(Self { change: row.change.try_into()?, intent })
    }
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
