//! The gate that every use case passes before it does anything.

mod action;
mod audit;
mod gate;

use std::sync::Arc;

use workflow_api::WorkflowIntentSpec;

pub use action::{Action, Group, Resource};
pub use audit::{Audit, Decision, LogAudit};
pub use gate::{Gate, Ground, Named, Open, Visible};

use self::gate::NamesOf;
use crate::model::{DigKey, IntentKey};
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
        self.settle(request, action, resource, decided).await
    }

    /// Asks for several actions that one request needs, in order, until one is denied.
    ///
    /// # Errors
    /// Returns an error for the first action that the gate denies.
    pub async fn authorize_each(
        &self,
        request: &Request,
        actions: &[Action],
        resource: Resource<'_>,
    ) -> Result<(), Denied> {
        for action in actions {
            self.authorize(request, *action, resource).await?;
        }
        Ok(())
    }

    /// Asks the gate whether the caller may write an intent that names these clients, task queues and workflows.
    /// Records a denial only, because the action itself was recorded before.
    ///
    /// # Errors
    /// Returns an error if the gate denies it.
    pub(crate) async fn may_write(
        &self,
        request: &Request,
        action: Action,
        key: &IntentKey,
        spec: &WorkflowIntentSpec,
    ) -> Result<(), Denied> {
        for named in NamesOf::new(spec).each() {
            self.may_name(request, action, key, &named).await?;
        }
        Ok(())
    }

    /// Asks the gate whether the caller may name this. Records a denial only.
    ///
    /// # Errors
    /// Returns an error if the gate denies it.
    pub(crate) async fn may_name(
        &self,
        request: &Request,
        action: Action,
        key: &IntentKey,
        named: &Named<'_>,
    ) -> Result<(), Denied> {
        let resource = Resource::Intent(key);
        match self.gate.may_name(request, action, &resource, named) {
            Ok(_) => Ok(()),
            denied @ Err(_) => self.settle(request, action, resource, denied).await,
        }
    }

    /// Returns whether the gate allows it now. Records nothing.
    ///
    /// # Errors
    /// Returns the reason for a denial.
    pub(crate) fn would_allow(
        &self,
        request: &Request,
        action: Action,
        resource: Resource<'_>,
    ) -> Result<Ground, String> {
        self.gate.decide(request, action, &resource)
    }

    /// Returns whether the gate allows the caller to name this. Records nothing.
    ///
    /// # Errors
    /// Returns the reason for a denial.
    pub(crate) fn would_allow_name(
        &self,
        request: &Request,
        action: Action,
        key: &IntentKey,
        named: &Named<'_>,
    ) -> Result<Ground, String> {
        self.gate.may_name(request, action, &Resource::Intent(key), named)
    }

    /// Returns the intents of a group among which are all that the caller may see.
    pub(crate) fn visible(&self, request: &Request, dig: &DigKey) -> Visible {
        self.gate.visible(request, dig)
    }

    async fn settle(
        &self,
        request: &Request,
        action: Action,
        resource: Resource<'_>,
        decided: Result<Ground, String>,
    ) -> Result<(), Denied> {
        let denied = decided.as_ref().err().map(String::as_str);
        self.audit.record(&Decision { request, action, resource, denied }).await;
        decided.map(drop).map_err(|reason| Denied {
            actor: request.actor.to_string(),
            action,
            resource: resource.to_string(),
            reason,
        })
    }
}
