//! What a person may do with something: only that is offered.

use bridge_core::Right;
use bridge_core::access::{Action, Denied, Refused, Resource};
use bridge_http::ApiError;

use crate::visit::Visit;

/// What a person may do with something.
#[derive(Debug, Clone, Default)]
pub(crate) struct May(Vec<Right>);

impl May {
    /// Asks as `GET /v2/rights` does.
    pub(crate) fn ask(visit: &Visit, resource: Resource<'_>, actions: &[Action]) -> Self {
        Self(visit.ui.app.rights.of(&visit.request, resource, actions))
    }

    /// Returns whether the person may do this.
    pub(crate) fn may(&self, action: Action) -> bool {
        self.0.iter().any(|right| right.action == action && right.decision.is_ok())
    }

    /// Returns what the person may not do, with the reasons.
    pub(crate) fn denied(&self) -> Vec<(&'static str, &str)> {
        let mut denied = Vec::new();
        for Right { action, decision } in &self.0 {
            if let Err(reason) = decision {
                denied.push((action.word(), reason.as_str()));
            }
        }
        denied
    }
}

/// Returns why a person may not do this, if so: a page that only leads to a use case shows it before.
pub(crate) fn refusal(visit: &Visit, action: Action, resource: Resource<'_>) -> Option<ApiError> {
    let right = visit.ui.app.rights.of(&visit.request, resource, &[action]).pop()?;
    let reason = right.decision.err()?;
    let (actor, resource) = (visit.request.actor.to_string(), resource.to_string());
    Some(Refused::from(Denied { actor, action, resource, reason }).into())
}
