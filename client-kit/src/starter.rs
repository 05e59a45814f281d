//! The port through which workflows are started: by Temporal, or by a fake in tests.

use async_trait::async_trait;
use temporal::{FaultKind, TemporalFault};
use tokio::time::Instant;
use workflow_api::{Caller, RunId, Started};

use crate::WorkflowStart;

/// Starts workflows.
#[async_trait]
pub trait Starter: std::fmt::Debug + Send + Sync + 'static {
    /// Starts the workflow, or finds that its ID is running.
    ///
    /// A request with the request ID of an earlier one leads to the run of that one.
    ///
    /// # Errors
    /// [`StartError`].
    async fn start(&self, request: StartRequest) -> Result<Started, StartError>;
}

/// One start.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StartRequest {
    /// What to start. The workflow ID and the task queue are set.
    pub start: WorkflowStart,
    /// Identifies this start: the caller's `Idempotency-Key`, or a new UUID. If the workflow ID is made of the key,
    /// it is the key with a hash of the request's body.
    pub request_id: String,
    /// Whether the workflow ID is made of the key. Then each run of the workflow ID is one of this key.
    pub id_is_of_key: bool,
    /// On whose behalf the workflow is started, if that is known.
    pub caller: Option<Caller>,
    /// When the caller no longer waits for the response.
    pub deadline: Instant,
}

/// Why a workflow is not known to be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The workflow ID belongs to a closed run, and the reuse policy allows no further run.
    #[error("its ID has been used, and the reuse policy allows no further run")]
    IdUsed {
        /// The closed run, if it is known.
        run_id: Option<RunId>,
    },
    /// Temporal did not respond in time. The workflow may have been started.
    #[error("Temporal did not confirm it in time")]
    TimedOut,
    /// Temporal is not reachable, or refuses the start.
    #[error(transparent)]
    Temporal(#[from] TemporalFault),
}

impl StartError {
    /// Whether it is certain that nothing was started.
    pub(crate) fn nothing_started(&self) -> bool {
        match self {
            Self::IdUsed { .. } => true,
            Self::TimedOut => false,
            // The connection may have broken, or the server failed, after the start.
            Self::Temporal(fault) => {
                let lost = [FaultKind::Unavailable, FaultKind::DeadlineExceeded, FaultKind::Internal];
                fault.nothing_sent() || !(fault.is_repeated() || lost.contains(&fault.kind()))
            }
        }
    }
}
