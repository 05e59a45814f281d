//! What callers do, and to what.

use std::fmt;

use crate::model::{DigKey, IntentKey};

macro_rules! actions {
    ($($name:ident = $word:literal $kind:ident;)+) => {
        /// The actions of callers: one for each use case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is the use case of its name")]
        pub enum Action { $($name),+ }

        impl Action {
            /// All actions.
            pub const ALL: [Self; [$(Self::$name),+].len()] = [$(Self::$name),+];

            /// Returns its text in logs and messages.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// Returns whether the use case changes something.
            #[must_use]
            pub fn changes(self) -> bool {
                matches!(match self { $(Self::$name => Kind::$kind),+ }, Kind::Changes)
            }
        }
    };
}

enum Kind {
    Reads,
    Changes,
}

actions! {
    CreateIntent = "create" Changes;
    PutIntent = "replace" Changes;
    RollBackIntent = "rollback" Changes;
    DeleteIntent = "delete" Changes;
    GetIntent = "get" Reads;
    ListIntents = "list" Reads;
    CheckIntent = "check" Reads;
    ListChanges = "list-revisions" Reads;
    GetRevision = "get-revision" Reads;
    Start = "start" Changes;
    PreviewStart = "preview-start" Reads;
    ListRuns = "list-runs" Reads;
    GetRun = "get-run" Reads;
    Status = "status" Reads;
    Follow = "follow" Reads;
    Cancel = "cancel" Changes;
    Terminate = "terminate" Changes;
    Pause = "pause" Changes;
    Unpause = "unpause" Changes;
    Signal = "signal" Changes;
    Query = "query" Reads;
    Update = "update" Changes;
    Reset = "reset" Changes;
    ReadAudit = "read-audit" Reads;
}

/// What an action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource<'a> {
    /// The intents of a deployment intent group.
    Group(&'a DigKey),
    /// An intent and its workflows.
    Intent(&'a IntentKey),
    /// The bridge as a whole.
    Bridge,
}

impl fmt::Display for Resource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(key) => write!(f, "deployment intent group `{key}`"),
            Self::Intent(key) => write!(f, "workflow intent `{key}`"),
            Self::Bridge => f.write_str("the bridge"),
        }
    }
}
