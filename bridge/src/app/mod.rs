//! The use cases: what the bridge does, without a word of HTTP or SQL.

mod ask;
mod body;
mod caller;
mod cancel;
mod follow;
mod intents;
mod parents;
mod recovery;
mod request;
mod reset;
mod runs;
mod signal;
mod start;
mod status;
mod targets;
mod update;

use std::sync::Arc;
use std::time::Duration;

use service::shutdown::Shutdown;
use workflow_api::{WorkflowId, WorkflowIntent, template};

use crate::intent::{IntentKey, KeptIntent, Revision};
use crate::invoke::Invoke;
use crate::run::Outcome;
use crate::storage::{Store, StoreError};
use crate::temporal::Engine;
pub use ask::AskError;
pub use body::{BodyError, Lenient};
pub use caller::Caller;
pub use cancel::{CancelError, CancelOptions, Canceled};
pub(crate) use follow::OPEN_STREAMS;
pub use follow::{FollowRequest, Followed, Position};
pub use intents::{
    ChangeError, ChangeOrder, ChangePage, Changed, ClientCheck, Conditions, HistoryError, IntentFilter,
    IntentPage, ListError, Listing, States,
};
pub use parents::{ParentError, Parents};
pub use request::{Addressee, RequestError, Told};
pub use reset::ResetError;
pub use runs::{LiveRun, LiveState, RunError};
pub use service::fields::FieldValidation;
pub use signal::SignalError;
pub(crate) use start::STARTS;
pub use start::{StartCall, StartError, StartFault, StartPreview, StartReport, StartedRun};
pub(crate) use status::OPEN_WAITS;
pub use status::{Method, MethodError, StatusError, StatusReport, StatusRequest};
pub use targets::{TargetError, Targets};
pub use update::UpdateError;

/// What the use cases work with.
#[derive(Debug)]
pub struct App {
    /// Where intents and runs are kept.
    pub store: Arc<dyn Store>,
    /// Who runs workflows.
    pub engine: Arc<dyn Engine>,
    /// Who calls workflow clients.
    pub invoke: Arc<dyn Invoke>,
    /// Which Temporal servers may be asked.
    pub targets: Targets,
    /// Who vouches for deployment intent groups.
    pub parents: Parents,
    /// How long things may take.
    pub limits: Limits,
    /// Whether runs can be ended later.
    pub escalates: bool,
    /// The end of the process, which waits for starts under way.
    pub shutdown: Shutdown,
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A workflow client's answer to a start.
    pub start: Duration,
    /// A workflow client's word on an intent that is to be kept; zero where it is not asked.
    pub client_check: Duration,
    /// A caller's idempotency key, from its first use on.
    pub key_kept: Duration,
    /// A status call that waits for the result and does not say how long.
    pub wait: Duration,
    /// The longest wait that a status call may ask for.
    pub max_wait: Duration,
}

/// Why an intent cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IntentError {
    /// There is none.
    #[error("workflow intent `{0}` does not exist; create it first")]
    NoSuchIntent(Box<IntentKey>),
    /// Each of its starts makes a workflow of its own, and there was none yet.
    #[error(
        "workflow intent `{0}` has no workflow yet, because each start makes one of its own: start it, or name `workflowID`"
    )]
    NoWorkflowYet(Box<IntentKey>),
    /// It could not be looked up.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    async fn existing(&self, key: &IntentKey) -> Result<WorkflowIntent, IntentError> {
        Ok(self.kept(key).await?.intent)
    }

    /// The intent and the revision that it is at.
    async fn kept(&self, key: &IntentKey) -> Result<KeptIntent, IntentError> {
        let latest = if key.is_sound() { self.store.latest_revision(key).await? } else { None };
        latest.and_then(Revision::into_kept).ok_or_else(|| IntentError::NoSuchIntent(Box::new(key.clone())))
    }

    /// The workflow that a call is about: the one it names, else the intent's; where that makes one with each start, the latest.
    async fn workflow_of(&self, key: &IntentKey, named: WorkflowId) -> Result<WorkflowId, IntentError> {
        let intent = self.existing(key).await?;
        if !named.is_empty() {
            return Ok(named);
        }
        let own = intent.spec.temporal.workflow_start_options.id;
        if !template::is_open(own.as_str()) {
            return Ok(own);
        }
        let latest = self.latest_start(key, |run| match run.outcome {
            Outcome::NotStarted { .. } => None,
            Outcome::Starting | Outcome::Started { .. } | Outcome::Unknown { .. } => Some(run.workflow_id),
        });
        latest.await?.ok_or_else(|| IntentError::NoWorkflowYet(Box::new(key.clone())))
    }
}
