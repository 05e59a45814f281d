//! Who did what.

use std::fmt;

use async_trait::async_trait;

use super::action::{Action, Resource};
use crate::request::Request;

/// Records actions and the decisions about them.
#[async_trait]
pub trait Audit: fmt::Debug + Send + Sync {
    /// Records one decision of the gate.
    async fn record(&self, decision: &Decision<'_>);
}

/// A decision of the gate.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'a> {
    /// The request.
    pub request: &'a Request,
    /// The action.
    pub action: Action,
    /// What it is about.
    pub resource: Resource<'a>,
    /// Why it was denied, if it was.
    pub denied: Option<&'a str>,
}

/// An audit that writes to the log: changes and denials at info level, reads at debug level.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogAudit;

#[async_trait]
impl Audit for LogAudit {
    async fn record(&self, decision: &Decision<'_>) {
        let Decision { request, action, resource, denied } = decision;
        let (actor, proof, action_word) = (&request.actor, request.actor.proof().word(), action.word());
        match denied {
            Some(reason) => {
                tracing::warn!(%actor, proof, action = action_word, %resource, reason, "denied");
            }
            None if action.changes() => {
                tracing::info!(%actor, proof, action = action_word, %resource, "allowed");
            }
            None => tracing::debug!(%actor, proof, action = action_word, %resource, "allowed"),
        }
    }
}
