//! The result of a start, and why there is none.

use workflow_api::{Fault, RunId, WorkflowId};

use crate::access::Denied;
use crate::lookup::IntentError;
use crate::model::{IntentKey, StartRecord};
use crate::ports::{ClientError, StoreError};

/// The run that a start led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartedRun {
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The run; `None` where neither the client nor the engine reported it.
    pub run_id: Option<RunId>,
    /// Whether it was running before, so that nothing new was started.
    pub already_running: bool,
}

/// Why an intent was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The caller may not start it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// What the caller asks for is not valid.
    #[error("the start is not sound; nothing was started")]
    Unsound(Vec<Fault>),
    /// There is no such intent, or it could not be looked up.
    #[error(transparent)]
    Intent(#[from] IntentError),
    /// The start could not be put on record; so nothing was started.
    #[error("nothing was started, because the start could not be put on record")]
    NotRecorded(#[source] StoreError),
    /// An earlier call under the same key asked for something else.
    #[error(
        "the idempotency key was given before, with another body, to start workflow intent `{0}`: \
         nothing was started; write a new key for a new start"
    )]
    KeyReused(IntentKey),
    /// An earlier call under the same key is under way.
    #[error(
        "a start of workflow intent `{0}` under this idempotency key is under way: ask again shortly for its outcome"
    )]
    InFlight(IntentKey),
    /// The workflow client did not accept it, and nothing was started.
    #[error("workflow intent `{intent}` was not started")]
    NotStarted {
        /// The intent.
        intent: Box<IntentKey>,
        /// Why.
        #[source]
        source: StartFault,
    },
    /// The workflow client may or may not have started the workflow.
    #[error(
        "nobody can say yet whether workflow intent `{intent}` was started: ask for the status of \
         workflow `{workflow_id}`, or repeat the call if it had an `Idempotency-Key`; without one, a repeat may start it twice"
    )]
    OutcomeUnknown {
        /// The intent.
        intent: Box<IntentKey>,
        /// The workflow to look for.
        workflow_id: WorkflowId,
        /// What went wrong.
        #[source]
        source: StartFault,
    },
    /// The start broke off; the log says why.
    #[error("the start of workflow intent `{0}` broke off inside the bridge")]
    BrokenOff(IntentKey),
}

/// What went wrong with a start that was begun.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// The workflow client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// An earlier attempt broke off; the text is what was found of it.
    #[error("{0}")]
    BrokenOff(&'static str),
}

/// The client has started nothing.
pub(super) fn not_started(start: &StartRecord, source: ClientError) -> StartError {
    StartError::NotStarted { intent: Box::new(start.intent.clone()), source: StartFault::Client(source) }
}

/// It is not known whether the client started something.
pub(super) fn unknown(start: &StartRecord, source: StartFault) -> StartError {
    StartError::OutcomeUnknown {
        intent: Box::new(start.intent.clone()),
        workflow_id: start.workflow_id.clone(),
        source,
    }
}
