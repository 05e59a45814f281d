//! The input of the workflow that gives a rule its turns.

use serde::{Deserialize, Serialize};

/// The rule. Everything else about it is in the bridge's database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    /// Its path: `project/rule`.
    pub rule: String,
    /// How many turns a run has, at most. It stands in the input because a replay must find the same number.
    #[serde(default = "turns")]
    pub turns: u32,
}

/// Far from Temporal's limit, and few enough to be replayed in a moment.
pub(super) fn turns() -> u32 {
    500
}
