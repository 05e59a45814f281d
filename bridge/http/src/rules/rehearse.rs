//! `POST …/workflow-rules/{rule}/rehearse`: what a rule would have done.

use bridge_core::model::RuleKey;
use workflow_api::{Rehearsal, WorkflowRule};

use super::samples::{sample_decision, sample_rule};
use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::GoJson;
use crate::wire::body::KnownOrNone;
use crate::wire::call::Call;
use crate::wire::params::NoParams;
use crate::wire::path::{self, RulePath, RulesPath};

problems!(Problems, [NO_SUCH_RULE, INVALID_RULE, RULES_OFF], TEMPORAL_CONFIGURED);

/// Rehearse a rule
///
/// Returns what the rule would have decided in the last seven days and would decide now, term by term. Nothing is done.
/// With a body, that rule is rehearsed, which need not be kept. What was running while no rule looked at it is known
/// from its history alone; a term that needs more is unknown then, and what depends on it is in `undecided`. Intents
/// that the caller may not see are left out.
#[utoipa::path(
    post,
    path = path::RULE_REHEARSE,
    tag = "rules",
    params(RulesPath, RulePath),
    request_body(content = Option<WorkflowRule>, example = json!(sample_rule())),
    responses((status = 200, description = "What it would have done", body = Rehearsal, example = json!({
        "lookedAt": 120, "partial": false, "decisions": [sample_decision()], "undecided": [],
    })), Problems),
)]
pub(crate) async fn rehearse_rule(
    call: Call<RuleKey, NoParams, KnownOrNone<WorkflowRule>>,
) -> Result<GoJson<Rehearsal>, ApiError> {
    let KnownOrNone(rule) = call.body;
    let rehearsal = call.api.app.rules.rehearse(&call.request, &call.key, rule).await;
    Ok(GoJson(rehearsal.map_err(|error| ApiError::from(error).respelled(&call.spelling))?))
}
