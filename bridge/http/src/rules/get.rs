//! `GET …/workflow-rules`, `…/workflow-rules/{rule}` and `…/decisions`: returns rules, and what they have decided.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use bridge_core::model::RuleKey;
use http::StatusCode;
use http::header::ETAG;
use workflow_api::{RuleDecision, WorkflowRule};

use super::samples::{sample_decision, sample_rule};
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::{GoJson, headers};
use crate::wire::call::Call;
use crate::wire::etag;
use crate::wire::path::{self, RulePath, RulesPath};

/// List rules
///
/// All of them, at most 100, ordered by name.
#[utoipa::path(
    get,
    path = path::RULES,
    tag = "rules",
    params(RulesPath),
    responses((status = 200, description = "The rules", body = [WorkflowRule], example = json!([sample_rule()]))),
)]
pub(crate) async fn list_rules(
    call: Call<Option<String>>,
) -> Result<GoJson<Vec<Arc<WorkflowRule>>>, ApiError> {
    let rules = call.api.app.rules.list(&call.request, call.key.as_deref()).await?;
    Ok(GoJson(rules.into_iter().map(|kept| kept.rule).collect()))
}

problems!(GetProblems, [NO_SUCH_RULE]);

/// Get a rule
#[utoipa::path(
    get,
    path = path::RULE,
    tag = "rules",
    params(
        RulesPath,
        RulePath,
        ("If-None-Match" = Option<String>, Header, description = "Respond with a body only if the rule is at none of these revisions: entity tags as in `ETag`", example = "\"3\""),
    ),
    responses(
        (status = 200, description = "The rule", body = WorkflowRule,
            headers(("ETag" = String, description = "The rule's revision, in quotes")), example = json!(sample_rule())),
        (status = 304, description = "The rule is at one of these revisions",
            headers(("ETag" = String, description = "The rule's revision, in quotes"))),
        GetProblems,
    ),
)]
pub(crate) async fn get_rule(call: Call<RuleKey>) -> Result<Response, ApiError> {
    let kept = call.api.app.rules.get(&call.request, &call.key).await?;
    let tag = headers([(ETAG, &etag::of_revision(kept.revision))]);
    Ok(if etag::is_known(&call.headers, kept.revision)? {
        (StatusCode::NOT_MODIFIED, tag).into_response()
    } else {
        (tag, GoJson(kept.rule)).into_response()
    })
}

/// List what a rule has decided
///
/// The last one about each run or intent, of the last seven days, at most 1,000: first those that have not ended, and
/// the newest first. Each has the condition, term by term, with what was seen, and what has become of each action.
#[utoipa::path(
    get,
    path = path::RULE_DECISIONS,
    tag = "rules",
    params(RulesPath, RulePath),
    responses((status = 200, description = "The decisions", body = [RuleDecision], example = json!([sample_decision()])), GetProblems),
)]
pub(crate) async fn list_decisions(call: Call<RuleKey>) -> Result<GoJson<Vec<RuleDecision>>, ApiError> {
    Ok(GoJson(call.api.app.rules.decisions(&call.request, &call.key).await?))
}
