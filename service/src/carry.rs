//! Work that is carried through although its caller goes away.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::origin::carried;

/// `work`, done by whoever awaits it; should that be dropped before, by a task of its own, with the origin and the log span of whoever
/// began it. `tracker` counts it until it is done. A task from the start would do as well, but waking a thread for it costs more than
/// most work does.
///
/// Needs a Tokio runtime.
pub fn through<F>(tracker: &TaskTracker, work: F) -> Through<impl Future<Output = F::Output> + Send + use<F>>
where
    F: Future + Send + 'static,
{
    let work = Some(Box::pin(carried(work)));
    Through { work, tracker: tracker.clone(), runtime: Handle::current(), _counted: tracker.token() }
}

/// The future of [`through`].
#[must_use = "nothing is done before it is awaited"]
#[derive(Debug)]
pub struct Through<F: Future + Send + 'static> {
    /// None once it is done.
    work: Option<Pin<Box<F>>>,
    tracker: TaskTracker,
    runtime: Handle,
    _counted: TaskTrackerToken,
}

/// The work panicked; the panic hook has said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work broke off")]
pub struct BrokeOff;

impl<F: Future + Send + 'static> Future for Through<F> {
    type Output = Result<F::Output, BrokeOff>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Out of here, so that work which panics is never touched again.
        let Some(mut work) = self.work.take() else { return Poll::Ready(Err(BrokeOff)) };
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(Poll::Ready(outcome)) => Poll::Ready(Ok(outcome)),
            Ok(Poll::Pending) => {
                self.work = Some(work);
                Poll::Pending
            }
            Err(panic) => {
                forget(panic);
                Poll::Ready(Err(BrokeOff))
            }
        }
    }
}

impl<F: Future + Send + 'static> Drop for Through<F> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            self.tracker.spawn_on(
                async move {
                    work.await;
                },
                &self.runtime,
            );
        }
    }
}

/// Drops what a panic carries; where that panics in turn there is nothing left to tell.
fn forget(panic: Box<dyn Any + Send>) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(panic)));
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_whose_caller_goes_away_is_done_all_the_same_and_counted() {
        let tracker = TaskTracker::new();
        let (go, going) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel();
        let mut work = Box::pin(through(&tracker, async move {
            going.await.unwrap();
            done.send(()).unwrap();
        }));
        assert!(futures::poll!(&mut work).is_pending());
        assert_eq!(tracker.len(), 1);
        drop(work);
        tracker.close();
        assert!(futures::poll!(Box::pin(tracker.wait())).is_pending());
        go.send(()).unwrap();
        is_done.await.unwrap();
        tracker.wait().await;
    }

    #[tokio::test]
    async fn work_that_is_awaited_needs_no_task() {
        let tracker = TaskTracker::new();
        // A test is none.
        assert_eq!(through(&tracker, async { tokio::task::try_id() }).await, Ok(None));
        assert!(tracker.is_empty());
    }

    #[tokio::test]
    async fn work_that_panics_breaks_off_and_is_not_taken_up_again() {
        let tracker = TaskTracker::new();
        let work = through(&tracker, async {
            tokio::task::yield_now().await;
            panic!("as intended")
        });
        let outcome: Result<(), BrokeOff> = work.await;
        assert_eq!(outcome, Err(BrokeOff));
        assert!(tracker.is_empty());
    }
}
