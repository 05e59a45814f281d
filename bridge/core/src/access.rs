//! The gate that every use case passes before it does anything.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::model::{DigKey, IntentKey};
use crate::request::Request;

macro_rules! actions {
    ($($name:ident = $word:literal $kind:ident;)+) => {
        /// The actions of callers: one for each use case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is the use case of its name")]
        pub enum Action { $($name),+ }

        impl Action {
            /// All actions.
            pub const ALL: [Self; [$(Self::$name),+].len()] = [$(Self::$name),+];

            /// Returns its text in logs and messages.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// Returns whether the use case changes something.
            #[must_use]
            pub fn changes(self) -> bool {
                matches!(match self { $(Self::$name => Kind::$kind),+ }, Kind::Changes)
            }
        }
    };
}

enum Kind {
    Reads,
    Changes,
}

actions! {
    CreateIntent = "create" Changes;
    PutIntent = "replace" Changes;
    RollBackIntent = "rollback" Changes;
    DeleteIntent = "delete" Changes;
    GetIntent = "get" Reads;
    ListIntents = "list" Reads;
    CheckIntent = "check" Reads;
    ListChanges = "list-revisions" Reads;
    GetRevision = "get-revision" Reads;
    Start = "start" Changes;
    PreviewStart = "preview-start" Reads;
    ListRuns = "list-runs" Reads;
    GetRun = "get-run" Reads;
    Status = "status" Reads;
    Follow = "follow" Reads;
    Cancel = "cancel" Changes;
    Terminate = "terminate" Changes;
    Pause = "pause" Changes;
    Unpause = "unpause" Changes;
    Signal = "signal" Changes;
    Query = "query" Reads;
    Update = "update" Changes;
    Reset = "reset" Changes;
}

/// What an action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource<'a> {
    /// The intents of a deployment intent group.
    Group(&'a DigKey),
    /// An intent and its workflows.
    Intent(&'a IntentKey),
}

impl fmt::Display for Resource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(key) => write!(f, "deployment intent group `{key}`"),
            Self::Intent(key) => write!(f, "workflow intent `{key}`"),
        }
    }
}

/// Decides which actions are allowed.
pub trait Gate: fmt::Debug + Send + Sync {
    /// Decides whether the actor of a request may do this.
    ///
    /// # Errors
    /// Returns the reason for the denial, as part of a sentence.
    fn decide(&self, request: &Request, action: Action, resource: &Resource<'_>) -> Result<(), String>;
}

/// A gate that allows everything. Authentication has decided before who may connect.
#[derive(Debug, Clone, Copy, Default)]
pub struct Open;

impl Gate for Open {
    fn decide(&self, _: &Request, _: Action, _: &Resource<'_>) -> Result<(), String> {
        Ok(())
    }
}

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
