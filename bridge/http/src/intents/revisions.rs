//! `GET …/temporal-workflow-intents/{name}/revisions`: returns the history of an intent.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use bridge_core::model::{self, IntentKey, RevisionNumber};
use serde::Serialize;
use utoipa::ToSchema;
use workflow_api::WorkflowIntent;

use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::{GoJson, large_json};
use crate::wire::call::Call;
use crate::wire::page::{self, PageParams};
use crate::wire::path::{self, DigPath, IntentPath};
use crate::wire::sample::sample_intent;

/// Default number of changes on a page.
pub(crate) const LIMIT: u32 = 100;

/// A change of an intent or a schedule.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    /// The revision that the change made. Numbers continue when an intent is deleted and created again.
    #[schema(minimum = 1)]
    revision: i64,
    /// The kind of change: `created`, `replaced`, `rolled_back` or `deleted`.
    #[schema(pattern = "^(created|replaced|rolled_back|deleted)$")]
    action: &'static str,
    /// The revision that was rolled back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    rolled_back_to: Option<i64>,
    /// Who made the change: the name from the proxy in front of the bridge, else `anonymous`.
    changed_by: String,
    /// When the change was made.
    #[schema(format = DateTime)]
    changed_at: String,
}

impl From<model::Change> for Change {
    fn from(change: model::Change) -> Self {
        Self {
            revision: change.revision.get(),
            action: change.kind.word(),
            rolled_back_to: change.kind.rolled_back_to().map(RevisionNumber::get),
            changed_by: change.by,
            changed_at: change.at.to_string(),
        }
    }
}

/// A revision of an intent.
#[derive(Serialize, ToSchema)]
pub(crate) struct Revision {
    #[serde(flatten)]
    change: Change,
    /// The intent; absent if this revision is its deletion.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<WorkflowIntent>)]
    intent: Option<Arc<WorkflowIntent>>,
}

problems!(ListProblems, [NO_SUCH_INTENT]);

/// List the revisions of a workflow intent
///
/// The list begins with the newest revision. It also exists for an intent that was deleted. The headers
/// `Continue` and `Link` lead to the next page.
#[utoipa::path(
    get,
    path = path::REVISIONS,
    tag = "workflow intents",
    params(DigPath, IntentPath, PageParams),
    responses(
        (status = 200, description = "The revisions", body = [Change], headers(
            ("Continue" = String, description = "The token of the next page; absent on the last page"),
            ("Link" = String, description = "The URL of the next page (`rel=\"next\"`); absent on the last page"),
        ), example = json!([
            {"revision": 2, "action": "replaced", "changedBy": "alice", "changedAt": "2026-02-03T04:05:06.789012Z"},
            {"revision": 1, "action": "created", "changedBy": "anonymous", "changedAt": "2026-01-02T03:04:05.678901Z"},
        ])),
        ListProblems,
    ),
)]
pub(crate) async fn list_revisions(call: Call<IntentKey, PageParams>) -> Result<Response, ApiError> {
    let (after, limit) = (call.params.after()?, call.params.limit()?);
    let page = call.api.app.intents.changes(&call.request, &call.key, after, limit.unwrap_or(LIMIT)).await?;
    let changes: Vec<_> = page.changes.into_iter().map(Change::from).collect();
    Ok((page::next(call.uri.query(), page.next), GoJson(changes)).into_response())
}

problems!(GetProblems, [NO_SUCH_REVISION]);

/// Get a revision of a workflow intent
#[utoipa::path(
    get,
    path = path::REVISION,
    tag = "workflow intents",
    params(DigPath, IntentPath, ("revision" = i64, Path, description = "The revision", example = 2)),
    responses(
        (status = 200, description = "The revision", body = Revision, example = json!({
            "revision": 2, "action": "replaced", "changedBy": "alice", "changedAt": "2026-02-03T04:05:06.789012Z",
            "intent": sample_intent(),
        })),
        GetProblems,
    ),
)]
pub(crate) async fn get_revision(call: Call<(IntentKey, String)>) -> Result<Response, ApiError> {
    let (intent, number) = call.key;
    let revision = call.api.app.intents.revision(&call.request, &intent, &number).await?;
    let size = revision.intent.as_ref().map_or(0, |intent| intent.size());
    Ok(large_json(size, Revision { change: revision.change.into(), intent: revision.intent }).await)
}
