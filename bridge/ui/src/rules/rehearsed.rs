//! What a rule would have done: the result of a rehearsal.

use bridge_core::model::RuleKey;
use workflow_api::{Rehearsal, RuleDecision, RuleSubject, WorkflowRule};

use super::decision::DecisionRow;
use crate::notice::Notice;
use crate::visit::Visit;

/// How many decisions are shown of each kind.
const SHOWN: usize = 50;

/// What a rule would have done.
pub(crate) struct Rehearsed {
    /// What it has looked at: a number, and runs or intents.
    pub(crate) looked_at: String,
    pub(crate) is_partial: bool,
    pub(crate) decided: Rows,
    pub(crate) undecided: Rows,
}

/// The latest of some decisions, newest first, and their number.
pub(crate) struct Rows {
    pub(crate) rows: Vec<DecisionRow>,
    pub(crate) number: usize,
}

impl Rehearsed {
    /// Rehearses a rule, which need not be kept.
    pub(crate) async fn run(visit: &Visit, key: &RuleKey, rule: WorkflowRule) -> Result<Self, Notice> {
        let of = match rule.spec.when.subject() {
            RuleSubject::Run => "run",
            RuleSubject::Intent => "intent",
        };
        let result = visit.ui.app.rules.rehearse(&visit.request, key, Some(rule)).await?;
        let Rehearsal { looked_at, partial, decisions, undecided } = result;
        Ok(Self {
            looked_at: format!("{looked_at} {of}{}", if looked_at == 1 { "" } else { "s" }),
            is_partial: partial,
            decided: Rows::of(&decisions),
            undecided: Rows::of(&undecided),
        })
    }
}

impl Rows {
    fn of(decisions: &[RuleDecision]) -> Self {
        let rows = decisions.iter().rev().take(SHOWN).map(|decision| DecisionRow::new(decision, true));
        Self { rows: rows.collect(), number: decisions.len() }
    }
}
