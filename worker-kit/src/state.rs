//! What the query `current-state` answers (EMCO-API §2.5).

use std::fmt;

/// Where a workflow stands, in EMCO's words: `started`, then the name of the running activity, then `completed`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CurrentState {
    /// No activity has begun.
    #[default]
    Started,
    /// This activity runs, or was the last one to.
    Activity(String),
    /// Everything is done.
    Completed,
}

impl fmt::Display for CurrentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Started => "started",
            Self::Activity(name) => name,
            Self::Completed => "completed",
        })
    }
}
