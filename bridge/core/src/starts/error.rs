//! The result of a start, and its errors.

use workflow_api::{Fault, RunId, WorkflowId};

use crate::access::Refused;
use crate::lookup::IntentError;
use crate::model::{EventOutcome, IntentKey, StartRecord};
use crate::ports::{ClientError, StoreError};

/// The run that a start led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartedRun {
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The workflow ID that the client was asked for, if it started another one.
    pub requested_id: Option<WorkflowId>,
    /// The run; `None` if neither the client nor the engine reported it.
    pub run_id: Option<RunId>,
    /// Whether it was running before, so that no new run was started.
    pub already_running: bool,
}

/// Why an intent was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The caller is not permitted to do this, or the audit cannot be written.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The options of the start are not valid.
    #[error("the start is not valid; nothing was started")]
    Unsound(Vec<Fault>),
    /// There is no such intent, or it could not be looked up.
    #[error(transparent)]
    Intent(#[from] IntentError),
    /// Too many starts are in progress. Nothing was recorded or started.
    #[error(
        "workflow intent `{0}` was not started, because too many starts are in progress at its workflow client, \
         or for its workflow ID: retry later"
    )]
    TooMany(IntentKey),
    /// The start could not be recorded, so nothing was started.
    #[error("nothing was started, because the start could not be recorded")]
    NotRecorded(#[source] StoreError),
    /// An earlier call with the same key had another body.
    #[error(
        "the idempotency key was used before, with another body, to start workflow intent `{0}`: \
         nothing was started; use a new key for a new start"
    )]
    KeyReused(IntentKey),
    /// An earlier call with the same key is still open.
    #[error(
        "a start of workflow intent `{0}` with this idempotency key is in progress: retry shortly to get its outcome"
    )]
    InFlight(IntentKey),
    /// The workflow client did not accept it, and nothing was started.
    #[error("workflow intent `{intent}` was not started")]
    NotStarted {
        /// The intent.
        intent: Box<IntentKey>,
        /// The cause.
        #[source]
        source: StartFault,
    },
    /// The workflow client may or may not have started the workflow.
    #[error(
        "it is not known yet whether workflow intent `{intent}` was started: get the status of \
         workflow `{workflow_id}`, or repeat the call if it had an `Idempotency-Key`; without one, \
         a repeat may start it twice"
    )]
    OutcomeUnknown {
        /// The intent.
        intent: Box<IntentKey>,
        /// The workflow to look for.
        workflow_id: WorkflowId,
        /// The cause.
        #[source]
        source: StartFault,
    },
    /// The start stopped because of an error in the bridge, which is in the log.
    #[error("the start of workflow intent `{0}` failed inside the bridge")]
    BrokenOff(IntentKey),
}

impl StartError {
    /// Returns whether a repeat under the same key may succeed.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::TooMany(_)
            | Self::NotRecorded(_)
            | Self::InFlight(_)
            | Self::OutcomeUnknown { .. }
            | Self::BrokenOff(_)
            | Self::Refused(Refused::Unrecorded(_))
            | Self::Intent(IntentError::Store(_)) => true,
            Self::NotStarted { source, .. } => source.passes(),
            Self::Refused(_) | Self::Unsound(_) | Self::Intent(_) | Self::KeyReused(_) => false,
        }
    }
}

/// Why a start failed after it was begun.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// The workflow client.
    #[error(transparent)]
    Client(Box<ClientError>),
    /// An earlier attempt did not end. The text is what is known about it.
    #[error("{0}")]
    BrokenOff(&'static str),
}

impl StartFault {
    /// Returns whether a later start of the same content may succeed.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Client(error) => {
                !error.rejects_content() && !matches!(**error, ClientError::Forbidden { .. })
            }
            Self::BrokenOff(_) => true,
        }
    }
}

impl From<ClientError> for StartFault {
    fn from(error: ClientError) -> Self {
        Self::Client(Box::new(error))
    }
}

/// Returns the error of a start of which the client has started nothing.
pub(super) fn not_started(start: &StartRecord, source: ClientError) -> StartError {
    StartError::NotStarted { intent: Box::new(start.intent.clone()), source: source.into() }
}

/// Returns the error of a start of which it is not known whether the client started something.
pub(super) fn unknown(start: &StartRecord, source: StartFault) -> StartError {
    StartError::OutcomeUnknown {
        intent: Box::new(start.intent.clone()),
        workflow_id: start.workflow_id.clone(),
        source,
    }
}

/// Returns the outcome of a call to start for the audit.
pub(super) fn event_outcome<T>(result: &Result<T, StartError>) -> EventOutcome {
    match result {
        Ok(_) => EventOutcome::Succeeded,
        Err(StartError::OutcomeUnknown { .. } | StartError::InFlight(_)) => EventOutcome::Unknown,
        Err(_) => EventOutcome::Failed,
    }
}
