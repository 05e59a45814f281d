//! Documents in SQL.

use std::time::Duration;

use async_trait::async_trait;
use bridge_core::model::{
    Change, ChangeKind, DocumentKey, DocumentKind, DocumentRevision, Event, KeptDocument, RevisionNumber,
};
use bridge_core::ports::{DocumentStore, StoreError};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use sqlx::FromRow;

use super::starts::microseconds;
use super::value::Value;
use super::{Sql, SqlStore};
use crate::error::failed;

/// How long the moment of a key is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

#[async_trait]
impl<S: Sql> DocumentStore for SqlStore<S> {
    async fn latest_document(&self, key: &DocumentKey) -> Result<Option<DocumentRevision>, StoreError> {
        let statement = "SELECT name, revision, action, changed_by, changed_at, document
             FROM document_revisions WHERE (kind, parent, name) = ($1, $2, $3) ORDER BY revision DESC LIMIT 1";
        let rows: Vec<RevisionRow> = self.read("look up a document", statement, &of(key, &[])).await?;
        rows.into_iter().next().map(TryInto::try_into).transpose()
    }

    async fn add_document(
        &self,
        key: &DocumentKey,
        revision: &DocumentRevision,
        event: &Event,
    ) -> Result<bool, StoreError> {
        let DocumentRevision { change, json } = revision;
        let number = change.revision.get();
        let add = "INSERT INTO document_revisions
                (kind, parent, name, revision, action, changed_by, changed_at, document)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
        let added = [
            number.into(),
            change.kind.word().into(),
            change.by.as_str().into(),
            change.at.as_microsecond().into(),
            json.as_deref().into(),
        ];
        let list = "INSERT INTO documents (kind, parent, name, revision, applied) VALUES ($1, $2, $3, $4, 0)
             ON CONFLICT (kind, parent, name) DO UPDATE SET revision = excluded.revision";
        let (added, listed) = (of(key, &added), of(key, &[number.into()]));
        let done = self.execute_both((add, &added), (list, &listed), Some(event)).await;
        done.map_err(failed("store a change of a document"))
    }

    async fn documents(
        &self,
        kind: DocumentKind,
        parent: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<KeptDocument>, StoreError> {
        let statement = "SELECT name, revision, document
             FROM documents JOIN document_revisions USING (kind, parent, name, revision)
             WHERE kind = $1 AND parent = $2 AND name > $3 AND document IS NOT NULL
             ORDER BY name LIMIT $4";
        let values = [kind.word().into(), parent.into(), after.into(), i64::from(limit).into()];
        let rows: Vec<(String, i64, String)> = self.read("list documents", statement, &values).await?;
        let kept = |(name, revision, json): (String, i64, String)| KeptDocument {
            name,
            revision: revision.into(),
            json,
        };
        Ok(rows.into_iter().map(kept).collect())
    }

    async fn document_revision(
        &self,
        key: &DocumentKey,
        number: RevisionNumber,
    ) -> Result<Option<DocumentRevision>, StoreError> {
        let statement = "SELECT name, revision, action, changed_by, changed_at, document
             FROM document_revisions WHERE (kind, parent, name) = ($1, $2, $3) AND revision = $4";
        let values = of(key, &[number.get().into()]);
        let rows: Vec<RevisionRow> = self.read("look up a revision", statement, &values).await?;
        rows.into_iter().next().map(TryInto::try_into).transpose()
    }

    async fn document_changes(
        &self,
        key: &DocumentKey,
        before: Option<RevisionNumber>,
        limit: u32,
    ) -> Result<Vec<Change>, StoreError> {
        let statement = "SELECT name, revision, action, changed_by, changed_at FROM document_revisions
             WHERE (kind, parent, name) = ($1, $2, $3) AND revision < $4 ORDER BY revision DESC LIMIT $5";
        let before = before.map_or(i64::MAX, RevisionNumber::get);
        let values = of(key, &[before.into(), i64::from(limit).into()]);
        let rows: Vec<ChangeRow> = self.read("list revisions", statement, &values).await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    async fn document_parents(&self, kind: DocumentKind) -> Result<Vec<String>, StoreError> {
        let statement =
            "SELECT DISTINCT parent FROM documents JOIN document_revisions USING (kind, parent, name, revision)
             WHERE kind = $1 AND document IS NOT NULL ORDER BY parent";
        let rows: Vec<(String,)> =
            self.read("list what has documents", statement, &[kind.word().into()]).await?;
        Ok(rows.into_iter().map(|(parent,)| parent).collect())
    }

    async fn has_documents(&self, kind: DocumentKind) -> Result<bool, StoreError> {
        let statement =
            "SELECT name FROM documents JOIN document_revisions USING (kind, parent, name, revision)
             WHERE kind = $1 AND document IS NOT NULL LIMIT 1";
        let rows: Vec<(String,)> = self.read("look for documents", statement, &[kind.word().into()]).await?;
        Ok(!rows.is_empty())
    }

    async fn unapplied(&self, kind: DocumentKind, limit: u32) -> Result<Vec<DocumentKey>, StoreError> {
        let statement = "SELECT parent, name FROM documents WHERE kind = $1 AND applied <> revision ORDER BY parent, name LIMIT $2";
        let values = [kind.word().into(), i64::from(limit).into()];
        let rows: Vec<(String, String)> = self.read("list changed documents", statement, &values).await?;
        Ok(rows.into_iter().map(|(parent, name)| DocumentKey { kind, parent, name }).collect())
    }

    async fn applied(&self, key: &DocumentKey, revision: RevisionNumber) -> Result<(), StoreError> {
        let statement = "UPDATE documents SET applied = revision
             WHERE (kind, parent, name) = ($1, $2, $3) AND revision = $4";
        let values = of(key, &[revision.get().into()]);
        self.execute("note that a document is applied", statement, &values).await.map(drop)
    }

    async fn apply_again(&self, kind: DocumentKind, parent: &str) -> Result<(), StoreError> {
        let statement = "UPDATE documents SET applied = 0 WHERE kind = $1 AND parent = $2";
        let values = [kind.word().into(), parent.into()];
        self.execute("note that documents are to be applied", statement, &values).await.map(drop)
    }

    async fn hold(&self, key: &DocumentKey, lease: Duration) -> Result<bool, StoreError> {
        let statement = "UPDATE documents SET held_until = (SELECT now FROM clock) + $4
             WHERE (kind, parent, name) = ($1, $2, $3) AND held_until <= (SELECT now FROM clock)";
        let values = of(key, &[microseconds(lease).into()]);
        Ok(self.execute("hold a document", statement, &values).await? > 0)
    }

    async fn release(&self, key: &DocumentKey) -> Result<(), StoreError> {
        let statement = "UPDATE documents SET held_until = 0 WHERE (kind, parent, name) = ($1, $2, $3)";
        self.execute("release a document", statement, &of(key, &[])).await.map(drop)
    }

    async fn moment_of(
        &self,
        key: &DocumentKey,
        word: &str,
        now: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let hash = format!("{:x}", Sha256::digest(word));
        let forget = "DELETE FROM document_moments WHERE (kind, parent, name) = ($1, $2, $3) AND moment < $4";
        let values = of(key, &[now.as_second().saturating_sub(KEPT.as_secs()).into()]);
        self.execute("forget old keys", forget, &values).await?;
        let note = "INSERT INTO document_moments (kind, parent, name, key_hash, moment)
             SELECT $1, $2, $3, $4, CASE WHEN last >= $5 THEN last + 1 ELSE $5 END
             FROM (SELECT coalesce(max(moment), 0) AS last FROM document_moments
                   WHERE (kind, parent, name) = ($1, $2, $3)) AS latest
             WHERE TRUE ON CONFLICT DO NOTHING";
        let find =
            "SELECT moment FROM document_moments WHERE (kind, parent, name, key_hash) = ($1, $2, $3, $4)";
        loop {
            let values = of(key, &[hash.as_str().into()]);
            let rows: Vec<(i64,)> = self.read("look up a key", find, &values).await?;
            if let Some((moment,)) = rows.first() {
                return Timestamp::from_second(*moment)
                    .map_err(|error| unreadable("document_moments", "moment", &key.name, *moment, error));
            }
            // Another key may have taken the moment meanwhile.
            let values = of(key, &[hash.as_str().into(), now.as_second().into()]);
            self.execute("keep a key", note, &values).await?;
        }
    }
}

/// Returns the values of a statement whose first three values are the key of a document.
fn of<'a>(key: &'a DocumentKey, others: &[Value<'a>]) -> Vec<Value<'a>> {
    let names = [key.kind.word(), key.parent.as_str(), key.name.as_str()].map(Value::from);
    [&names, others].concat()
}

#[derive(FromRow)]
struct ChangeRow {
    name: String,
    revision: i64,
    action: String,
    changed_by: String,
    changed_at: i64,
}

impl TryFrom<ChangeRow> for Change {
    type Error = StoreError;

    fn try_from(row: ChangeRow) -> Result<Self, StoreError> {
        let unreadable = |column, error: Box<dyn std::error::Error + Send + Sync>| {
            unreadable("document_revisions", column, &row.name, row.revision, error)
        };
        let kind = match row.action.as_str() {
            "created" => ChangeKind::Created,
            "replaced" => ChangeKind::Replaced,
            "deleted" => ChangeKind::Deleted,
            other => return Err(unreadable("action", format!("`{other}` is not an action").into())),
        };
        let at = Timestamp::from_microsecond(row.changed_at)
            .map_err(|error| unreadable("changed_at", error.into()))?;
        Ok(Self { revision: row.revision.into(), kind, by: row.changed_by, at })
    }
}

#[derive(FromRow)]
struct RevisionRow {
    #[sqlx(flatten)]
    change: ChangeRow,
    document: Option<String>,
}

impl TryFrom<RevisionRow> for DocumentRevision {
    type Error = StoreError;

    fn try_from(row: RevisionRow) -> Result<Self, StoreError> {
        Ok(Self { change: row.change.try_into()?, json: row.document })
    }
}

fn unreadable(
    table: &'static str,
    column: &'static str,
    name: &str,
    number: i64,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    StoreError::Inconsistent { table, column, row: format!("{name} {number}"), source: source.into() }
}
