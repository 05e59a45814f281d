//! Which workflow a command is about, and its state in words.

use bridge_client::{Call, IntentKey};
use workflow_api::WorkflowState;

use crate::session::path_of;

/// The workflow that a command is about.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) intent: IntentKey,
    pub(crate) workflow_id: Option<String>,
    pub(crate) run_id: Option<String>,
}

impl Run {
    /// Makes a call about the run.
    pub(crate) fn set<T>(&self, call: Call<T>) -> Call<T> {
        call.query_opt("workflowID", self.workflow_id.as_ref()).query_opt("runID", self.run_id.as_ref())
    }

    /// Returns how to go on by hand.
    pub(crate) fn go_on(&self) -> String {
        let id = self.workflow_id.as_ref().map(|id| format!(" --workflow-id '{id}'")).unwrap_or_default();
        format!("bridgectl status {}{id} --wait", path_of(&self.intent))
    }
}

/// Returns a state as a word.
pub(crate) fn word(state: Option<WorkflowState>) -> String {
    state.map_or_else(|| "not known".to_owned(), |state| state.to_string())
}
