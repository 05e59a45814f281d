//! Looks up intents, and the workflows that were started from them.

use std::sync::Arc;

use workflow_api::{WorkflowId, WorkflowIntent, template};

use crate::access::Refused;
use crate::model::{IntentKey, KeptIntent, Revision, RevisionNumber};
use crate::ports::{Store, StoreError, Successful};

/// Why an intent cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IntentError {
    /// The caller is not permitted to do this, or the audit cannot be written.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It does not exist.
    #[error("workflow intent `{0}` does not exist; create it first")]
    NoSuchIntent(Box<IntentKey>),
    /// Each of its starts makes a new workflow, and there was no start yet.
    #[error(
        "workflow intent `{0}` has no workflow yet, because each start makes one of its own: \
         start it, or name `workflowID`"
    )]
    NoWorkflowYet(Box<IntentKey>),
    /// It could not be looked up.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Looks up intents, and the workflows that were started from them.
#[derive(Debug, Clone)]
pub(crate) struct Lookup {
    store: Arc<dyn Store>,
}

impl Lookup {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// Returns an intent and its revision number.
    pub(crate) async fn kept(&self, key: &IntentKey) -> Result<KeptIntent, IntentError> {
        let latest = if key.is_sound() { self.store.latest_revision(key).await? } else { None };
        latest.and_then(Revision::into_kept).ok_or_else(|| IntentError::NoSuchIntent(Box::new(key.clone())))
    }

    /// Returns an intent as it was at a revision, if it exists now. Without a revision, as it is.
    pub(crate) async fn kept_at(
        &self,
        key: &IntentKey,
        revision: Option<RevisionNumber>,
    ) -> Result<KeptIntent, IntentError> {
        let now = self.kept(key).await?;
        let Some(revision) = revision.filter(|revision| *revision != now.revision) else { return Ok(now) };
        let then = self.store.revision(key, revision).await?.and_then(Revision::into_kept);
        then.ok_or_else(|| IntentError::NoSuchIntent(Box::new(key.clone())))
    }

    /// Returns an intent.
    pub(crate) async fn intent(&self, key: &IntentKey) -> Result<Arc<WorkflowIntent>, IntentError> {
        Ok(self.kept(key).await?.intent)
    }

    /// Returns the workflow that a call is about: the one that it names, else the one of the intent's last
    /// successful start, else the one that the intent names. A workflow client may start another workflow
    /// than the intent names. If each start makes a workflow of its own, the last start need not have succeeded
    /// yet: its workflow ID is known before.
    pub(crate) async fn workflow_of(
        &self,
        key: &IntentKey,
        named: WorkflowId,
    ) -> Result<WorkflowId, IntentError> {
        let intent = self.intent(key).await?;
        if !named.is_empty() {
            return Ok(named);
        }
        let own = &intent.spec.temporal.workflow_start_options.id;
        let own = (!template::is_open(own.as_str())).then(|| own.clone());
        let which = if own.is_some() { Successful::Surely } else { Successful::Perhaps };
        let last = self.store.last_start(key, which).await?.map(|start| start.workflow_id);
        last.or(own).ok_or_else(|| IntentError::NoWorkflowYet(Box::new(key.clone())))
    }

    /// Returns whether a start of the intent has made this workflow. A start that found the workflow running has not.
    pub(crate) async fn has_started(
        &self,
        key: &IntentKey,
        workflow_id: &WorkflowId,
    ) -> Result<bool, IntentError> {
        // No start has an ID that the database cannot hold.
        let possible = !workflow_id.as_str().contains('\0');
        Ok(possible && self.store.has_started(key, workflow_id).await?)
    }
}
