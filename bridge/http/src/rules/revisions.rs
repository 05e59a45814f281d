//! `GET …/workflow-rules/{rule}/revisions`: returns the history of a rule.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use bridge_core::model::RuleKey;
use serde::Serialize;
use utoipa::ToSchema;
use workflow_api::WorkflowRule;

use super::samples::sample_rule;
use crate::intents::revisions::{Change, LIMIT};
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::GoJson;
use crate::wire::call::Call;
use crate::wire::page::{self, PageParams};
use crate::wire::path::{self, RulePath, RulesPath};

/// A revision of a rule.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleRevisionView {
    #[serde(flatten)]
    change: Change,
    /// The rule; absent if this revision is its deletion.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<WorkflowRule>)]
    rule: Option<Arc<WorkflowRule>>,
}

problems!(ListProblems, [NO_SUCH_RULE]);

/// List the revisions of a rule
///
/// The list begins with the newest revision. It also exists for a rule that was deleted. The headers `Continue`
/// and `Link` lead to the next page.
#[utoipa::path(
    get,
    path = path::RULE_REVISIONS,
    tag = "rules",
    params(RulesPath, RulePath, PageParams),
    responses(
        (status = 200, description = "The revisions", body = [Change], headers(
            ("Continue" = String, description = "The token of the next page; absent on the last page"),
            ("Link" = String, description = "The URL of the next page (`rel=\"next\"`); absent on the last page"),
        ), example = json!([
            {"revision": 1, "action": "created", "changedBy": "alice", "changedAt": "2026-01-02T03:04:05.678901Z"},
        ])),
        ListProblems,
    ),
)]
pub(crate) async fn list_rule_revisions(call: Call<RuleKey, PageParams>) -> Result<Response, ApiError> {
    let (after, limit) = (call.params.after()?, call.params.limit()?.unwrap_or(LIMIT));
    let page = call.api.app.rules.changes(&call.request, &call.key, after, limit).await?;
    let changes: Vec<_> = page.changes.into_iter().map(Change::from).collect();
    Ok((page::next(call.uri.query(), page.next), GoJson(changes)).into_response())
}

problems!(GetProblems, [NO_SUCH_RULE, NO_SUCH_REVISION]);

/// Get a revision of a rule
#[utoipa::path(
    get,
    path = path::RULE_REVISION,
    tag = "rules",
    params(RulesPath, RulePath, ("revision" = i64, Path, description = "The revision", example = 1)),
    responses(
        (status = 200, description = "The revision", body = RuleRevisionView, example = json!({
            "revision": 1, "action": "created", "changedBy": "alice", "changedAt": "2026-01-02T03:04:05.678901Z",
            "rule": sample_rule(),
        })),
        GetProblems,
    ),
)]
pub(crate) async fn get_rule_revision(
    call: Call<(RuleKey, String)>,
) -> Result<GoJson<RuleRevisionView>, ApiError> {
    let (rule, number) = &call.key;
    let revision = call.api.app.rules.revision(&call.request, rule, number).await?;
    Ok(GoJson(RuleRevisionView { change: revision.change.into(), rule: revision.rule }))
}
