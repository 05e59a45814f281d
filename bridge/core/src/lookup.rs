//! Looks up intents, and the workflows that were started from them.

use std::sync::Arc;

use workflow_api::{WorkflowId, WorkflowIntent, template};

use crate::access::Denied;
use crate::model::{IntentKey, KeptIntent, Outcome, Revision, StartRecord};
use crate::ports::{Store, StoreError};

/// How many starts are read at once during a search.
const BATCH: u32 = 20;

/// Why an intent cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IntentError {
    /// The caller is not permitted to use it.
    #[error(transparent)]
    Denied(#[from] Denied),
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

    /// Returns an intent.
    pub(crate) async fn intent(&self, key: &IntentKey) -> Result<WorkflowIntent, IntentError> {
        Ok(self.kept(key).await?.intent)
    }

    /// Returns the workflow that a call is about: the one that it names, else the intent's; if each start
    /// makes its own, the latest one.
    pub(crate) async fn workflow_of(
        &self,
        key: &IntentKey,
        named: WorkflowId,
    ) -> Result<WorkflowId, IntentError> {
        let intent = self.intent(key).await?;
        if !named.is_empty() {
            return Ok(named);
        }
        let own = intent.spec.temporal.workflow_start_options.id;
        if !template::is_open(own.as_str()) {
            return Ok(own);
        }
        let latest = self.latest_start(key, |start| match start.outcome {
            Outcome::NotStarted { .. } => None,
            Outcome::Starting | Outcome::Started { .. } | Outcome::Unknown { .. } => Some(start.workflow_id),
        });
        latest.await?.ok_or_else(|| IntentError::NoWorkflowYet(Box::new(key.clone())))
    }

    /// Returns the first result of `pick` on the starts of an intent, from the latest one back.
    pub(crate) async fn latest_start<T>(
        &self,
        key: &IntentKey,
        pick: impl Fn(StartRecord) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        let mut before = None;
        loop {
            let starts = self.store.starts(key, before, BATCH).await?;
            let Some(oldest) = starts.last() else { return Ok(None) };
            before = Some(oldest.number);
            let picked = starts.into_iter().find_map(&pick);
            if picked.is_some() {
                return Ok(picked);
            }
        }
    }
}
