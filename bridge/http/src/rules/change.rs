//! `PUT` and `DELETE …/workflow-rules/{rule}`: creates, replaces or deletes a rule.

use axum::response::{IntoResponse, Response};
use bridge_core::RuleOptions;
use bridge_core::model::RuleKey;
use http::header::{ETAG, LOCATION};
use http::{HeaderMap, StatusCode};
use workflow_api::WorkflowRule;

use super::samples::sample_rule;
use crate::intents::change::{ConditionHeaders, DryRunParam};
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::{GoJson, NO_CONTENT, headers};
use crate::wire::body::Known;
use crate::wire::call::Call;
use crate::wire::etag;
use crate::wire::path::{self, RulePath, RulesPath};

problems!(PutProblems, [NO_SUCH_RULE, CONDITION_FAILED, TOO_MANY_RULES, INVALID_RULE, RULES_OFF]);

/// Create or replace a rule
///
/// The body may omit the name; unknown fields are refused. Needs the rights of what the rule does, in the whole
/// project, or everywhere for a rule over all projects: to see the status of intents, and to query, signal, cancel,
/// terminate or start them if the rule does so. The rule itself acts as the subject `{ rule = "project/rule" }` of
/// rights, or `{ rule = "*/rule" }`. A body that changes nothing makes no revision.
#[utoipa::path(
    put,
    path = path::RULE,
    tag = "rules",
    params(RulesPath, RulePath, DryRunParam, ConditionHeaders),
    request_body(content = WorkflowRule, example = json!(sample_rule())),
    responses(
        (status = 200, description = "Replaced, or unchanged", body = WorkflowRule, headers(
            ("ETag" = String, description = "The rule's revision, in quotes"),
        ), example = json!(sample_rule())),
        (status = 201, description = "Created", body = WorkflowRule, headers(
            ("Location" = String, description = "The rule's path"),
            ("ETag" = String, description = "The rule's revision, in quotes"),
        ), example = json!(sample_rule())),
        PutProblems,
    ),
)]
pub(crate) async fn put_rule(
    call: Call<RuleKey, DryRunParam, Known<WorkflowRule>>,
) -> Result<Response, ApiError> {
    let Known(rule) = call.body;
    let options = options(&call.params, &call.headers)?;
    let changed = call.api.app.rules.put(&call.request, &call.key, rule, &options).await;
    let changed = changed.map_err(|error| ApiError::from(error).respelled(&call.spelling))?;
    let (tag, path) = (etag::of_revision(changed.kept.revision), path::of_rule(&call.key));
    let created = if changed.created { path.as_str() } else { "" };
    let status = if changed.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, headers([(ETAG, &tag), (LOCATION, created)]), GoJson(changed.kept.rule)).into_response())
}

problems!(DeleteProblems, [NO_SUCH_RULE, CONDITION_FAILED]);

/// Delete a rule
///
/// The alarms that it has raised are cleared. What it has started continues. Its revisions are kept.
#[utoipa::path(
    delete,
    path = path::RULE,
    tag = "rules",
    params(RulesPath, RulePath, DryRunParam, ConditionHeaders),
    responses((status = 204, description = "Deleted"), DeleteProblems),
)]
pub(crate) async fn delete_rule(call: Call<RuleKey, DryRunParam>) -> Result<StatusCode, ApiError> {
    let options = options(&call.params, &call.headers)?;
    call.api.app.rules.delete(&call.request, &call.key, &options).await?;
    Ok(NO_CONTENT)
}

fn options(params: &DryRunParam, headers: &HeaderMap) -> Result<RuleOptions, ApiError> {
    Ok(RuleOptions { conditions: etag::conditions(headers)?, dry_run: params.is_set() })
}
