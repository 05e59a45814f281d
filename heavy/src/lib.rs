//! Runs heavy work off the threads that respond.

use std::panic::resume_unwind;
use std::sync::{Arc, LazyLock};
use std::thread::available_parallelism;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tracing::Span;

/// Work on input up to this size, in bytes, is not heavy.
const LIGHT: usize = 32 << 10;

/// How many pieces of heavy work run at once: one processor stays free to respond.
static PERMITS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let processors = available_parallelism().map_or(1, usize::from);
    Arc::new(Semaphore::new(processors.saturating_sub(1).max(1)))
});

/// Runs `work`, which processes `size` bytes of input, and returns its result.
///
/// Work on little input runs at once. Work on much input runs [`apart`], and waits for its turn if all but one of the
/// processors are in use. If the caller goes away before, it does not run.
pub async fn heavy<T: Send + 'static>(size: usize, work: impl FnOnce() -> T + Send + 'static) -> T {
    if size <= LIGHT {
        return work();
    }
    // The semaphore is never closed.
    let permit = Arc::clone(&PERMITS).acquire_owned().await.ok();
    apart(move || {
        let _permit = permit;
        work()
    })
    .await
}

/// Runs `work` at once on a thread of its own, and returns its result. For work that is bounded, but may be too long
/// for a thread that responds.
pub async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let span = Span::current();
    let done = spawn_blocking(move || span.in_scope(work));
    match done.await.map_err(|error| error.try_into_panic()) {
        Ok(result) => result,
        Err(Ok(panic)) => resume_unwind(panic),
        // The process ends.
        Err(Err(_)) => std::future::pending().await,
    }
}
