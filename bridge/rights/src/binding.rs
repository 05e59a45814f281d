//! A binding: who has which role where.

use bridge_core::access::Action;

use crate::role::Role;
use crate::scope::Scope;
use crate::subject::Subject;

/// A binding of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binding {
    /// Its name, for messages.
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) subjects: Vec<Subject>,
    pub(crate) scope: Scope,
    /// The names of intents, in which `*` stands for any text; empty for all intents.
    pub(crate) intents: Vec<String>,
    pub(crate) uses: Uses,
}

/// What its subjects may name. `*` stands for any text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    /// Workflow clients in intents: `host:port/name`.
    pub(crate) clients: Vec<String>,
    /// Task queues in intents.
    pub(crate) task_queues: Vec<String>,
    /// Workflow IDs in intents, starts and calls. `None`: any in intents and starts, and in calls only those that
    /// starts of the intent have made.
    pub(crate) workflows: Option<Vec<String>>,
    /// Other servers of Temporal than the configured one.
    pub(crate) servers: Vec<String>,
    /// Other namespaces than the configured one.
    pub(crate) namespaces: Vec<String>,
}

impl Binding {
    /// Returns whether it is about this action at this place, perhaps only on some of the intents there.
    pub(crate) fn touches(&self, action: Action, place: &[&str]) -> bool {
        self.role.includes(action) && self.scope.covers(place)
    }

    /// Returns its intents in a sentence; `None` if it is for all.
    pub(crate) fn only(&self) -> Option<String> {
        (!self.intents.is_empty()).then(|| format!("`{}`", self.intents.join("`, `")))
    }
}
