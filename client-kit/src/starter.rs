//! The port to whatever starts workflows: Temporal, or a stand-in of a test.

use async_trait::async_trait;
use temporal::{FaultKind, TemporalFault};
use tokio::time::Instant;
use workflow_api::{RunId, Started};

use crate::WorkflowStart;

/// Starts workflows.
#[async_trait]
pub trait Starter: std::fmt::Debug + Send + Sync + 'static {
    /// Starts the workflow, or finds its ID running.
    ///
    /// A request with the ID of an earlier one leads to the run of that one.
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
    /// Names this start: the caller's `Idempotency-Key`, or a fresh UUID.
    pub request_id: String,
    /// When nobody waits for the answer any more.
    pub deadline: Instant,
}

/// Why a workflow is not known to be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The ID belongs to a closed run, and the reuse policy lets no other follow.
    #[error("its ID has been used, and the reuse policy allows no further run")]
    IdUsed {
        /// The closed run, where it is known.
        run_id: Option<RunId>,
    },
    /// There was no answer in time. The workflow may have been started.
    #[error("Temporal did not confirm it in time")]
    TimedOut,
    /// Temporal is away, or refuses the start.
    #[error(transparent)]
    Temporal(#[from] TemporalFault),
}

impl StartError {
    /// Whether it is certain that nothing was started.
    pub(crate) fn nothing_started(&self) -> bool {
        match self {
            Self::IdUsed { .. } => true,
            Self::TimedOut => false,
            // A connection that breaks, or a server that fails, may have done so after the start.
            Self::Temporal(fault) => {
                fault.nothing_sent()
                    || !matches!(
                        fault.kind(),
                        FaultKind::Unavailable | FaultKind::DeadlineExceeded | FaultKind::Internal
                    )
            }
        }
    }
}
