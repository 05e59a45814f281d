//! The errors of schedules.

use workflow_api::{Fault, cut};

use crate::access::Refused;
use crate::lookup::IntentError;
use crate::model::{IntentKey, RevisionNumber, ScheduleKey};
use crate::ports::{EngineError, StoreError};

/// How many schedules an intent can have.
pub const MOST_SCHEDULES: u32 = 100;

/// Why a use case about schedules failed.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// The caller is not permitted to do this, or the audit cannot be written.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The schedule is not valid.
    #[error("the schedule is not valid; nothing was changed")]
    Unsound(Vec<Fault>),
    /// There is no such intent, or it could not be looked up.
    #[error(transparent)]
    Intent(#[from] IntentError),
    /// There is no such schedule.
    #[error("schedule `{0}` does not exist; create it with PUT")]
    NoSuchSchedule(Box<ScheduleKey>),
    /// There is no such revision.
    #[error("schedule `{schedule}` has no revision `{}`", cut(.revision))]
    NoSuchRevision {
        /// The schedule.
        schedule: Box<ScheduleKey>,
        /// The revision in the request.
        revision: String,
    },
    /// The schedule is not at the revision that the caller expects.
    #[error("schedule `{schedule}` does not meet the request's conditions: {}", now(*.current))]
    ConditionFailed {
        /// The schedule.
        schedule: Box<ScheduleKey>,
        /// The revision that it is at; `None` if it does not exist.
        current: Option<RevisionNumber>,
    },
    /// The intent has as many schedules as it can have.
    #[error("workflow intent `{0}` has {MOST_SCHEDULES} schedules, which is the most: delete one first")]
    TooMany(IntentKey),
    /// Other calls command the schedule.
    #[error("other calls command schedule `{0}`; nothing was done, retry later")]
    Busy(Box<ScheduleKey>),
    /// The bridge has no worker of its own, which schedules need.
    #[error(
        "this bridge has no schedules: its operator has set BRIDGE_ESCALATION=off, so it has no worker in Temporal"
    )]
    Off,
    /// The engine does not have the schedule.
    #[error(
        "Temporal does not have schedule `{0}`: it has ended, or its last change has not reached Temporal yet; \
         look at its status, and change it if it has ended"
    )]
    NotInEngine(Box<ScheduleKey>),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

fn now(current: Option<RevisionNumber>) -> String {
    current.map_or_else(|| "it does not exist".to_owned(), |revision| format!("it is at revision {revision}"))
}

/// Returns the error of times that the engine was asked about.
pub(super) fn unsound(error: EngineError) -> ScheduleError {
    match error {
        EngineError::InvalidArgument { message, .. } => ScheduleError::Unsound(vec![Fault::new(
            "$.spec",
            format!("has times that Temporal rejects: {message}"),
        )]),
        other => other.into(),
    }
}
