//! Heavy work, off the threads that respond.

use std::panic::resume_unwind;
use std::sync::{Arc, LazyLock};
use std::thread::available_parallelism;

use axum::body::Body;
use http_body_util::BodyExt;
use hyper::body::Buf;
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
/// Work on much input runs on a thread of its own, so that the threads that respond stay free, and waits for
/// its turn if all but one of the processors are in use. If the caller goes away before, it does not run.
/// Work on little input runs at once.
pub async fn heavy<T: Send + 'static>(size: usize, work: impl FnOnce() -> T + Send + 'static) -> T {
    if size <= LIGHT {
        return work();
    }
    // The semaphore is never closed.
    let permit = Arc::clone(&PERMITS).acquire_owned().await.ok();
    let span = Span::current();
    let done = spawn_blocking(move || {
        let _permit = permit;
        span.in_scope(work)
    });
    match done.await.map_err(|error| error.try_into_panic()) {
        Ok(result) => result,
        Err(Ok(panic)) => resume_unwind(panic),
        // The process ends.
        Err(Err(_)) => std::future::pending().await,
    }
}

/// Receives a body, and runs `work` on it as [`heavy`] does. There its pieces are joined too: the memory for a large
/// body alone takes a millisecond.
///
/// # Errors
/// When the body does not arrive completely. The limits of the server decide how this is reported.
pub async fn heavy_body<T: Send + 'static>(
    body: Body,
    work: impl FnOnce(&[u8]) -> T + Send + 'static,
) -> Result<T, axum::Error> {
    let mut pieces = body.collect().await?.aggregate();
    let size = pieces.remaining();
    Ok(heavy(size, move || work(&pieces.copy_to_bytes(size))).await)
}
