//! The places where workflows run, and the names of runs.

use std::fmt;

use workflow_api::{Namespace, RunId, WorkflowId};

/// A server of the workflow engine and a namespace on it that callers may use.
/// [`Targets`](crate::ports::Targets) makes them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// The address of the server: `host:port`.
    pub server: String,
    /// The namespace.
    pub namespace: Namespace,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (namespace `{}`)", self.server, self.namespace)
    }
}

/// Names one run of a workflow, or its latest run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WorkflowRun {
    /// The server and namespace that hold it.
    pub target: Target,
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The run; empty for the latest.
    pub run_id: RunId,
}
