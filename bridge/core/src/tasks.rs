//! Background work that the end of the process waits for.

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// The tasks of the use cases, and whether the process drains. Clones share both.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    /// Tracks the work that the end of the process waits for.
    pub tracker: TaskTracker,
    /// Cancelled when the process begins to drain.
    pub draining: CancellationToken,
}

impl Tasks {
    /// Spawns work in the span of its caller. The work completes even if the caller does not wait for it.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.tracker.spawn(work.in_current_span())
    }

    /// Completes when the process begins to drain.
    pub(crate) async fn draining(&self) {
        self.draining.cancelled().await;
    }
}
