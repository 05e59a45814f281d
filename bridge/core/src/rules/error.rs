//! The errors of rules.

use workflow_api::{Fault, cut};

use crate::access::Refused;
use crate::model::{RevisionNumber, RuleKey};
use crate::ports::{EngineError, StoreError};

/// How many rules a project can have, and how many there can be over all projects.
pub const MOST_RULES: u32 = 100;

/// Why a use case about rules failed.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The caller is not permitted to do this, or the audit cannot be written.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The rule is not valid.
    #[error("the rule is not valid; nothing was changed")]
    Unsound(Vec<Fault>),
    /// There is no such rule.
    #[error("rule `{0}` does not exist; create it with PUT")]
    NoSuchRule(RuleKey),
    /// There is no such revision.
    #[error("rule `{rule}` has no revision `{}`", cut(.revision))]
    NoSuchRevision {
        /// The rule.
        rule: RuleKey,
        /// The revision in the request.
        revision: String,
    },
    /// The rule is not at the revision that the caller expects.
    #[error("rule `{rule}` does not meet the request's conditions: {}", now(*.current))]
    ConditionFailed {
        /// The rule.
        rule: RuleKey,
        /// The revision that it is at; `None` if it does not exist.
        current: Option<RevisionNumber>,
    },
    /// There are as many rules as there can be.
    #[error("there are {MOST_RULES} rules beside `{0}`, which is the most: delete one first")]
    TooMany(RuleKey),
    /// The bridge has no worker of its own, which rules need.
    #[error(
        "this bridge has no rules: its operator has set BRIDGE_ESCALATION=off, so it has no worker in Temporal"
    )]
    Off,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

fn now(current: Option<RevisionNumber>) -> String {
    current.map_or_else(|| "it does not exist".to_owned(), |revision| format!("it is at revision {revision}"))
}
