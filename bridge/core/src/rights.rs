//! The use case about the caller's own rights. It needs no right: the answer is about nobody else.

use crate::access::{Access, Action, Ground, Resource};
use crate::parts::Parts;
use crate::request::Request;

/// The use case about the caller's own rights.
#[derive(Debug, Clone)]
pub struct Rights {
    access: Access,
}

/// Whether the caller may do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    /// The action.
    pub action: Action,
    /// Why it is allowed, or why it is denied.
    pub decision: Result<Ground, String>,
}

impl Rights {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self { access: parts.access.clone() }
    }

    /// Returns which of `actions` the caller may do now. For a group, an action on intents is allowed if it is allowed
    /// for each intent of the group. An action of the bridge is about the bridge as a whole anyway, and one on rules
    /// about the project. Neither the group nor the intent needs to exist.
    #[must_use]
    pub fn of(&self, request: &Request, resource: Resource<'_>, actions: &[Action]) -> Vec<Right> {
        let right = |action: &Action| {
            let place = resource.place();
            let resource = match place.first() {
                _ if action.is_of_bridge() => Resource::Bridge,
                Some(project) if action.is_about_rules() => Resource::Project(project),
                _ => resource,
            };
            Right { action: *action, decision: self.access.would_allow(request, *action, resource) }
        };
        actions.iter().map(right).collect()
    }

    /// Returns whether the caller may do this with anything at all.
    #[must_use]
    pub fn anywhere(&self, request: &Request, action: Action) -> bool {
        self.access.would_allow_somewhere(request, action)
    }
}
