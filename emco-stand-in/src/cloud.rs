//! What was done to a logical cloud.

use jiff::Timestamp;

use crate::lifecycle::{Action, State};

/// The history of a logical cloud.
#[derive(Debug)]
pub(crate) struct Cloud {
    /// Oldest first.
    pub(crate) actions: Vec<Action>,
    /// When the last action is done.
    pub(crate) settled: Timestamp,
}

impl Cloud {
    pub(crate) fn did(&mut self, state: State, instance: String, time: Timestamp, settled: Timestamp) {
        let revision = self.actions.last().map_or(0, |last| last.revision + 1);
        self.actions.push(Action { state, instance, time, revision });
        self.settled = settled;
    }

    pub(crate) fn context(&self) -> String {
        self.actions.last().map_or_else(String::new, |action| action.instance.clone())
    }
}
