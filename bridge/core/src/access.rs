//! The gate that every use case passes before it does anything.

mod action;
mod audit;
mod gate;

use std::sync::Arc;

pub use action::{Action, Resource};
pub use audit::{Audit, Decision, LogAudit};
pub use gate::{Gate, Open};

use crate::request::Request;

/// The gate and the audit together, as use cases call them.
#[derive(Debug, Clone)]
pub struct Access {
    gate: Arc<dyn Gate>,
    audit: Arc<dyn Audit>,
}

/// The caller is not permitted to do this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{actor} is not permitted to {} for {resource}: {reason}", .action.word())]
pub struct Denied {
    /// The caller.
    pub actor: String,
    /// The action.
    pub action: Action,
    /// What it is about.
    pub resource: String,
    /// Why it was denied.
    pub reason: String,
}

impl Access {
    /// Combines a gate and an audit.
    #[must_use]
    pub fn new(gate: Arc<dyn Gate>, audit: Arc<dyn Audit>) -> Self {
        Self { gate, audit }
    }

    /// Asks the gate whether a request is allowed, and records the decision.
    ///
    /// # Errors
    /// Returns an error if the gate denies it.
    pub async fn authorize(
        &self,
        request: &Request,
        action: Action,
        resource: Resource<'_>,
    ) -> Result<(), Denied> {
        let decided = self.gate.decide(request, action, &resource);
        let denied = decided.as_ref().err().map(String::as_str);
        self.audit.record(&Decision { request, action, resource, denied }).await;
        decided.map_err(|reason| Denied {
            actor: request.actor.to_string(),
            action,
            resource: resource.to_string(),
            reason,
        })
    }
}
