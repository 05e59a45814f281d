//! Shared work: any number of callers share one piece for each run. The first caller starts it, and it ends
//! when the last one leaves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bridge_core::model::WorkflowRun;
use tokio::sync::watch;

/// The gauge of open polls.
pub(crate) const OPEN_POLLS: &str = "bridge_long_polls";

/// The channel on which shared work reports its progress.
pub(crate) type Report<P> = Arc<watch::Sender<P>>;

/// The current work.
#[derive(Debug)]
pub(crate) struct Polls<P> {
    open: Arc<Mutex<HashMap<WorkflowRun, Weak<watch::Sender<P>>>>>,
}

impl<P> Clone for Polls<P> {
    fn clone(&self) -> Self {
        Self { open: Arc::clone(&self.open) }
    }
}

impl<P> Default for Polls<P> {
    fn default() -> Self {
        Self { open: Arc::default() }
    }
}

impl<P: Send + Sync + 'static> Polls<P> {
    /// Joins the work on `run`. If there is none, starts it at `first` with the future that `start` makes.
    /// The receiver closes when the work ends; the last progress is its result.
    pub(crate) fn join<F>(
        &self,
        run: &WorkflowRun,
        first: P,
        start: impl FnOnce(Report<P>) -> F,
    ) -> watch::Receiver<P>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(report) = open.get(run).and_then(Weak::upgrade) {
            return report.subscribe();
        }
        let (report, receiver) = watch::channel(first);
        let report = Arc::new(report);
        open.insert(run.clone(), Arc::downgrade(&report));
        let poll = Poll { polls: self.clone(), run: run.clone(), report: Arc::clone(&report) };
        tokio::spawn(poll.run(start(report)));
        receiver
    }
}

/// One piece of shared work. Dropping it, however it ended, removes it from the list.
struct Poll<P> {
    polls: Polls<P>,
    run: WorkflowRun,
    report: Report<P>,
}

impl<P> Poll<P> {
    async fn run(self, work: impl Future<Output = ()>) {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                () = &mut work => return,
                () = self.report.closed() => if self.leave() { return },
            }
        }
    }

    /// Removes the poll from the list, unless a caller has joined since the last one left.
    fn leave(&self) -> bool {
        let mut open = self.polls.open.lock().unwrap_or_else(PoisonError::into_inner);
        let nobody = self.report.receiver_count() == 0;
        if nobody {
            open.remove(&self.run);
        }
        nobody
    }
}

impl<P> Drop for Poll<P> {
    fn drop(&mut self) {
        let mut open = self.polls.open.lock().unwrap_or_else(PoisonError::into_inner);
        // After `leave`, a new poll may have the same key.
        let own = Arc::downgrade(&self.report);
        if open.get(&self.run).is_some_and(|listed| listed.ptr_eq(&own)) {
            open.remove(&self.run);
        }
    }
}

/// Counts one long poll until it is dropped.
pub(crate) struct LongPoll(());

impl LongPoll {
    pub(crate) fn open() -> Self {
        metrics::gauge!(OPEN_POLLS).increment(1.0);
        Self(())
    }
}

impl Drop for LongPoll {
    fn drop(&mut self) {
        metrics::gauge!(OPEN_POLLS).decrement(1.0);
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the shared poll stopped")]
pub(crate) struct PollLost;

#[cfg(test)]
mod tests {
    use std::future::pending;

    use bridge_core::model::Target;

    use super::*;

    fn run() -> WorkflowRun {
        let target = Target { server: "nowhere:7233".to_owned(), namespace: "default".into() };
        WorkflowRun { target, workflow_id: "w".into(), run_id: "r".into() }
    }

    #[tokio::test]
    async fn work_without_callers_is_dropped_and_the_next_starts_anew() {
        let (polls, run) = (Polls::default(), run());
        let alive = Arc::new(());
        let held = Arc::clone(&alive);
        let joined = polls.join(&run, 0, |_| async move {
            let _held = held;
            pending::<()>().await;
        });
        assert_eq!(
            *polls.join(&run, 1, |_| pending()).borrow(),
            0,
            "the second one shares the work of the first"
        );
        drop(joined);
        while Arc::strong_count(&alive) > 1 {
            tokio::task::yield_now().await;
        }
        assert_eq!(*polls.join(&run, 2, |_| pending()).borrow(), 2);
    }

    #[tokio::test]
    async fn work_that_panics_closes_its_channel_and_leaves_the_list() {
        let polls = Polls::default();
        let mut joined = polls.join(&run(), 0, |_| async { panic!("as intended") });
        joined.changed().await.unwrap_err();
        assert!(polls.open.lock().unwrap().is_empty());
    }
}
