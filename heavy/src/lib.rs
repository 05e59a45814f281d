//! Runs heavy work off the threads that respond.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread::{self, available_parallelism};

use tokio::sync::{Semaphore, oneshot};
use tokio::task::spawn_blocking;
use tracing::Span;

/// Work on input up to this size, in bytes, is not heavy.
const LIGHT: usize = 32 << 10;

/// The lowest priority. On Linux each thread has its own (`setpriority(2)`).
#[cfg(target_os = "linux")]
const LAST: i32 = 19;

type Work = Box<dyn FnOnce() + Send>;

/// How many threads do heavy work: one processor stays free to respond.
static THREADS: LazyLock<usize> =
    LazyLock::new(|| available_parallelism().map_or(1, usize::from).saturating_sub(1).max(1));

/// One for each thread. Work waits for it in its caller, which takes the work along if it goes away: in the queue, the
/// input of callers that are gone would pile up.
static PERMITS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(*THREADS)));

/// The queue to the threads.
static QUEUE: LazyLock<Sender<Work>> = LazyLock::new(|| {
    let (queue, work) = channel();
    let work = Arc::new(Mutex::new(work));
    for _ in 0..*THREADS {
        let work = Arc::clone(&work);
        let thread = thread::Builder::new().name("heavy".to_owned()).spawn(move || work_off(&work));
        thread.expect("the system gives a thread");
    }
    queue
});

fn work_off(queue: &Mutex<Receiver<Work>>) {
    // Where this is refused, the threads that respond wait a little longer.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, LAST);
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok(work) = next() {
        work();
    }
}

/// Runs `work`, which processes `size` bytes of input, and returns its result.
///
/// Work on little input runs at once. Work on much input runs on a thread of low priority, and waits for its turn if
/// all but one of the processors are in use. If the caller goes away before, it does not run.
pub async fn heavy<T: Send + 'static>(size: usize, work: impl FnOnce() -> T + Send + 'static) -> T {
    if size <= LIGHT {
        return work();
    }
    // The semaphore is never closed.
    let permit = Arc::clone(&PERMITS).acquire_owned().await.ok();
    let (result, done) = oneshot::channel();
    let span = Span::current();
    let work = move || {
        let _permit = permit;
        let done = catch_unwind(AssertUnwindSafe(|| span.in_scope(work)));
        // The caller may be gone.
        let _ = result.send(done);
    };
    // The threads never end.
    let _ = QUEUE.send(Box::new(work));
    match done.await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => resume_unwind(panic),
        // The process ends.
        Err(_) => std::future::pending().await,
    }
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
