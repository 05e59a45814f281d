//! What the bridge keeps: workflow intents by key, and the runs that were started from them.

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;
use workflow_api::rules::{NAME_MAX, is_name};
use workflow_api::{Fault, RunId, WorkflowId, WorkflowIntent};

/// Names a deployment intent group: the parent of workflow intents.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DigKey {
    /// The project.
    pub project: String,
    /// The composite app.
    pub composite_app: String,
    /// The version of the composite app.
    pub version: String,
    /// The deployment intent group.
    pub dig: String,
}

impl DigKey {
    /// Which of its names EMCO would not take (EMCO-API §0.4), each as the part of the URL's path that it came from.
    pub fn faults(&self) -> Vec<Fault> {
        [
            ("project", &self.project),
            ("compositeApp", &self.composite_app),
            ("compositeAppVersion", &self.version),
            ("deploymentIntentGroup", &self.dig),
        ]
        .into_iter()
        .filter(|(_, name)| !is_name(name))
        .map(|(part, name)| {
            let message = format!(
                "`{name}` is not a name: write 1 to {NAME_MAX} letters, digits, `-`, `_` or `.`, \
                 with a letter or digit at both ends"
            );
            Fault::new(format!("path.{part}"), message)
        })
        .collect()
    }

    /// The key of the intent `name` under this group.
    pub fn intent(&self, name: impl Into<String>) -> IntentKey {
        IntentKey { dig: self.clone(), name: name.into() }
    }
}

impl fmt::Display for DigKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.project, self.composite_app, self.version, self.dig)
    }
}

/// Names a workflow intent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IntentKey {
    /// The group it belongs to.
    pub dig: DigKey,
    /// Its name in the group.
    pub name: String,
}

impl IntentKey {
    /// The key under which `intent` is kept in `dig`.
    pub fn of(dig: &DigKey, intent: &WorkflowIntent) -> Self {
        dig.intent(&intent.metadata.name)
    }
}

impl fmt::Display for IntentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.dig, self.name)
    }
}

/// Names the record of one start; the bridge makes it, before Temporal has made a run ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StartId(Uuid);

impl StartId {
    /// A new one; later ones are greater.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for StartId {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Uuid> for StartId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl fmt::Display for StartId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The record of one start. It outlives its intent: it says what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Names this record.
    pub id: StartId,
    /// The intent that was started.
    pub intent: IntentKey,
    /// The workflow ID that the client was told.
    pub workflow_id: WorkflowId,
    /// What makes a repeated start the same start.
    pub idempotency_key: String,
    /// When the start was asked for: just before the workflow client was called.
    pub requested_at: Timestamp,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The workflow client has not answered yet, or the bridge ended before it heard the answer.
    Starting,
    /// The workflow client accepted it.
    Started {
        /// The run; `None` where neither the client nor Temporal told it.
        run_id: Option<RunId>,
        /// When the bridge learned of it.
        at: Timestamp,
    },
    /// Nothing was started.
    NotStarted {
        /// Why.
        reason: String,
        /// When the bridge learned of it.
        at: Timestamp,
    },
    /// Nobody can say whether something was started.
    Unknown {
        /// Why.
        reason: String,
        /// When the bridge gave up.
        at: Timestamp,
    },
}

impl Outcome {
    /// The word for this outcome, in the store and in metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Started { .. } => "started",
            Self::NotStarted { .. } => "not_started",
            Self::Unknown { .. } => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unusable_part_of_a_path_is_named() {
        let dig = DigKey {
            project: "p 1".to_owned(),
            composite_app: "app".to_owned(),
            version: "v1".to_owned(),
            dig: "-dig".to_owned(),
        };
        let paths: Vec<_> = dig.faults().into_iter().map(|fault| fault.path).collect();
        assert_eq!(paths, ["path.project", "path.deploymentIntentGroup"]);
    }
}
