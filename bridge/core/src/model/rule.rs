//! Rules: what was seen, whether their conditions hold, and how decisions go on. Nothing here does I/O or reads a
//! clock.

mod decision;
mod facts;
mod judge;
mod seen;

use std::fmt;
use std::sync::Arc;

use workflow_api::{WorkflowRule, cut};

use super::{DocumentKey, DocumentKind, RevisionNumber};
pub use decision::{Course, Step as DecisionStep};
pub use facts::{ActivitySeen, FactSource, Facts, Memory, QueueSeen, RunDetail, RunSeen, value_key};
pub use judge::{Judgement, judge};
pub use seen::{Observation, SubjectId};

/// What stands for the project of a rule over all projects.
pub const ALL_PROJECTS: &str = "*";

/// Names a rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RuleKey {
    /// The project; `None` for a rule over all projects.
    pub project: Option<String>,
    /// Its name.
    pub name: String,
}

impl RuleKey {
    /// Returns its name in the database.
    #[must_use]
    pub fn document(&self) -> DocumentKey {
        DocumentKey { kind: DocumentKind::Rule, parent: self.parent().to_owned(), name: self.name.clone() }
    }

    /// Returns the project, or what stands for all.
    #[must_use]
    pub fn parent(&self) -> &str {
        self.project.as_deref().unwrap_or(ALL_PROJECTS)
    }

    /// Returns the key of the rule with this parent and name.
    #[must_use]
    pub fn of(parent: &str, name: &str) -> Self {
        let project = (parent != ALL_PROJECTS).then(|| parent.to_owned());
        Self { project, name: name.to_owned() }
    }

    /// Reads what [`Display`](fmt::Display) has written.
    #[must_use]
    pub fn read(path: &str) -> Option<Self> {
        let (parent, name) = path.split_once('/')?;
        Some(Self::of(parent, name))
    }
}

impl fmt::Display for RuleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.parent(), cut(&self.name))
    }
}

/// A rule and its revision number.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptRule {
    /// The number of the revision.
    pub revision: RevisionNumber,
    /// The rule.
    pub rule: Arc<WorkflowRule>,
}
