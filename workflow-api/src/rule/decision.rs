//! What a rule has decided, and why.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{RunId, WorkflowId};

/// A term of a condition, with what was seen of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Term {
    /// The term, as in `runningFor 30m`.
    pub term: String,
    /// Whether it holds.
    pub state: TermState,
    /// What was seen, or why nothing was seen.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub seen: String,
    /// The terms that it is made of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub terms: Vec<Term>,
}

/// Whether a term holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TermState {
    /// It holds.
    Holds,
    /// It does not hold.
    DoesNotHold,
    /// It was not looked at, because other terms had decided.
    NotNeeded,
    /// It is not known.
    #[default]
    Unknown,
}

/// How far a decision is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DecisionState {
    /// The condition does not hold.
    #[default]
    Quiet,
    /// The condition holds, but not for long enough.
    Pending,
    /// The rule acts or has acted.
    Fired,
    /// The rule has acted, and the condition has ceased to hold, but not for long enough.
    Clearing,
    /// The rule has acted, and what it had seen has ended.
    Cleared,
}

/// What a rule has decided about a run or an intent, or in a rehearsal would have decided.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct RuleDecision {
    /// The path of the intent: `project/app/version/group/intent`.
    pub intent: String,
    /// The workflow, if the rule is about runs.
    #[serde(rename = "workflowID", skip_serializing_if = "WorkflowId::is_empty")]
    pub workflow_id: WorkflowId,
    /// The run that was seen last.
    #[serde(rename = "runID", skip_serializing_if = "RunId::is_empty")]
    pub run_id: RunId,
    /// Counts the decisions about this run or intent, from 1.
    pub episode: i64,
    /// How far it is.
    pub state: DecisionState,
    /// Since when the condition holds, or held.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub since: Option<Timestamp>,
    /// When the rule decided to act.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub fired_at: Option<Timestamp>,
    /// When what it had seen ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub cleared_at: Option<Timestamp>,
    /// The revision of the rule that decided; 0 for a rule that is not kept.
    pub revision: i64,
    /// The condition, term by term, when the rule decided to act; before that, as it was seen last.
    pub why: Term,
    /// What was done, in the order of the rule. In a rehearsal, what would be done.
    pub actions: Vec<ActionOutcome>,
}

/// What an action has led to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ActionOutcome {
    /// The action: `alarm`, `notify`, `signal`, `cancel`, `terminate` or `start`.
    pub action: String,
    /// How far it is.
    pub state: ActionState,
    /// Details: why it failed, or what it led to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// How far an action is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ActionState {
    /// It is to be done, and is tried again if it has failed.
    #[default]
    Due,
    /// It is done.
    Done,
    /// It was done before about this run, and is done only once.
    Skipped,
    /// It was refused, and is not tried again.
    Refused,
}

/// What a rule would have done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Rehearsal {
    /// The runs, or intents, that were looked at.
    pub looked_at: u64,
    /// Whether there are more, which were not looked at, or whose history could not be read.
    pub partial: bool,
    /// What the rule would have decided, by time.
    pub decisions: Vec<RuleDecision>,
    /// Runs and intents about which nothing could be decided, because a term is unknown. Nothing is done about them.
    pub undecided: Vec<RuleDecision>,
}
