//! Intents in SQL.

use async_trait::async_trait;
use sqlx::FromRow;
use workflow_api::{WorkflowIntent, to_go_json};

use super::failed;
use crate::intent::{DigKey, IntentKey};
use crate::storage::{CreateError, IntentStore, PostgresStore, SqliteStore, StoreError};

fn document(intent: &WorkflowIntent) -> String {
    String::from_utf8_lossy(&to_go_json(intent)).into_owned()
}

/// Implements [`IntentStore`](crate::storage::IntentStore).
macro_rules! intent_store {
    ($store:ty) => {
        #[async_trait]
        impl IntentStore for $store {
            async fn create_intent(&self, dig: &DigKey, intent: &WorkflowIntent) -> Result<(), CreateError> {
                                let created = sqlx::query(
                    "INSERT INTO intents
                        (project, composite_app, composite_app_version, deployment_intent_group, name, document)
                     VALUES ($1, $2, $3, $4, $5, $6)",
                )
                .bind(&dig.project)
                .bind(&dig.composite_app)
                .bind(&dig.version)
                .bind(&dig.dig)
                .bind(&intent.metadata.name)
                .bind(document(intent))
                .execute(self.writer())
                .await;
                match created {
                    Ok(_) => Ok(()),
                    Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                        Err(CreateError::AlreadyExists(IntentKey::of(dig, intent)))
                    }
                    Err(error) => Err(failed("keep an intent")(error).into()),
                }
            }

            async fn intent(&self, key: &IntentKey) -> Result<Option<WorkflowIntent>, StoreError> {
                let row: Option<IntentRow> = sqlx::query_as(
                    "SELECT name, document FROM intents
                     WHERE project = $1 AND composite_app = $2 AND composite_app_version = $3 AND deployment_intent_group = $4
                       AND name = $5",
                )
                .bind(&key.dig.project)
                .bind(&key.dig.composite_app)
                .bind(&key.dig.version)
                .bind(&key.dig.dig)
                .bind(&key.name)
                .fetch_optional(self.readers())
                .await
                .map_err(failed("look up an intent"))?;
                row.map(WorkflowIntent::try_from).transpose()
            }

            async fn intents(&self, dig: &DigKey) -> Result<Vec<WorkflowIntent>, StoreError> {
                let rows: Vec<IntentRow> = sqlx::query_as(
                    "SELECT name, document FROM intents
                     WHERE project = $1 AND composite_app = $2 AND composite_app_version = $3 AND deployment_intent_group = $4
                     ORDER BY name",
                )
                .bind(&dig.project)
                .bind(&dig.composite_app)
                .bind(&dig.version)
                .bind(&dig.dig)
                .fetch_all(self.readers())
                .await
                .map_err(failed("list intents"))?;
                rows.into_iter().map(WorkflowIntent::try_from).collect()
            }

            async fn delete_intent(&self, key: &IntentKey) -> Result<bool, StoreError> {
                let deleted = sqlx::query(
                    "DELETE FROM intents
                     WHERE project = $1 AND composite_app = $2 AND composite_app_version = $3 AND deployment_intent_group = $4
                       AND name = $5",
                )
                .bind(&key.dig.project)
                .bind(&key.dig.composite_app)
                .bind(&key.dig.version)
                .bind(&key.dig.dig)
                .bind(&key.name)
                .execute(self.writer())
                .await
                .map_err(failed("delete an intent"))?;
                Ok(deleted.rows_affected() > 0)
            }
        }
    };
}
intent_store!(SqliteStore);
intent_store!(PostgresStore);

#[derive(FromRow)]
struct IntentRow {
    name: String,
    document: String,
}

impl TryFrom<IntentRow> for WorkflowIntent {
    type Error = StoreError;

    fn try_from(row: IntentRow) -> Result<Self, StoreError> {
        serde_json::from_str(&row.document).map_err(|source| StoreError::Inconsistent {
            table: "intents",
            column: "document",
            row: row.name,
            source: source.into(),
        })
    }
}
