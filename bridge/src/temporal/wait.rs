//! Waiting for the end of runs: any number of waiters on one run share one long poll.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::{Closed, EngineError, Waited, WorkflowRun, rpc};

/// The gauge of open polls.
pub(super) const OPEN_POLLS: &str = "bridge_long_polls";

/// How far the work that waiters share has come.
#[derive(Debug, Clone)]
pub(super) enum Progress {
    /// Nobody knows yet whether the run has ended.
    Unknown,
    /// It was seen running.
    Running,
    /// No more to come.
    Ended(Result<Closed, EngineError>),
}

/// What a poll reports its progress to.
pub(super) type Report = Arc<watch::Sender<Progress>>;

/// The long polls that are open.
#[derive(Debug, Clone, Default)]
pub(super) struct Polls {
    open: Arc<Mutex<HashMap<WorkflowRun, Weak<watch::Sender<Progress>>>>>,
}

impl Polls {
    /// Waits on the poll of `run` until `deadline`. The first waiter starts the poll; it ends when the last one leaves.
    pub(super) async fn wait<F>(
        &self,
        run: &WorkflowRun,
        deadline: Option<Instant>,
        start: impl FnOnce(Report) -> F,
    ) -> Result<Waited, EngineError>
    where
        F: Future<Output = Result<Closed, EngineError>> + Send + 'static,
    {
        let mut poll = self.join(run, start);
        let progress = match deadline {
            None => seen(&mut poll, is_ended).await,
            Some(deadline) => match timeout_at(deadline, seen(&mut poll, is_ended)).await {
                Ok(progress) => progress,
                // The calls before the first sight have bounds of their own; to say `running` unseen would be a guess.
                Err(_) => seen(&mut poll, is_known).await,
            },
        };
        match progress {
            Some(Progress::Ended(ended)) => ended.map(Waited::Closed),
            Some(Progress::Running) => Ok(Waited::StillRunning),
            Some(Progress::Unknown) | None => {
                Err(EngineError::Other { target: rpc::place(&run.target), source: Arc::new(PollLost) })
            }
        }
    }

    fn join<F>(&self, run: &WorkflowRun, start: impl FnOnce(Report) -> F) -> watch::Receiver<Progress>
    where
        F: Future<Output = Result<Closed, EngineError>> + Send + 'static,
    {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(report) = open.get(run).and_then(Weak::upgrade) {
            return report.subscribe();
        }
        let (report, receiver) = watch::channel(Progress::Unknown);
        let report = Arc::new(report);
        open.insert(run.clone(), Arc::downgrade(&report));
        metrics::gauge!(OPEN_POLLS).increment(1.0);
        let poll = Poll { polls: self.clone(), run: run.clone(), report: Arc::clone(&report) };
        tokio::spawn(poll.run(start(report)));
        receiver
    }
}

/// One open poll. Dropping it, in whatever way it ended, takes it off the list.
struct Poll {
    polls: Polls,
    run: WorkflowRun,
    report: Report,
}

impl Poll {
    async fn run(self, work: impl Future<Output = Result<Closed, EngineError>>) {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                ended = &mut work => {
                    self.report.send_replace(Progress::Ended(ended));
                    return;
                }
                () = self.report.closed() => if self.leave() { return },
            }
        }
    }

    /// Takes the poll off the list, unless somebody joined since the last one left.
    fn leave(&self) -> bool {
        let mut open = self.polls.open.lock().unwrap_or_else(PoisonError::into_inner);
        let nobody = self.report.receiver_count() == 0;
        if nobody {
            open.remove(&self.run);
        }
        nobody
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        let mut open = self.polls.open.lock().unwrap_or_else(PoisonError::into_inner);
        // After `leave`, a new poll may stand in this one's place.
        let own = Arc::downgrade(&self.report);
        if open.get(&self.run).is_some_and(|listed| listed.ptr_eq(&own)) {
            open.remove(&self.run);
        }
        metrics::gauge!(OPEN_POLLS).decrement(1.0);
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the shared wait broke off")]
struct PollLost;

/// The first progress that `wanted` accepts. None if the poll broke off before.
async fn seen(poll: &mut watch::Receiver<Progress>, wanted: fn(&Progress) -> bool) -> Option<Progress> {
    poll.wait_for(wanted).await.ok().map(|progress| progress.clone())
}

fn is_ended(progress: &Progress) -> bool {
    matches!(progress, Progress::Ended(_))
}

fn is_known(progress: &Progress) -> bool {
    !matches!(progress, Progress::Unknown)
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::join_all;
    use service::temporal::TemporalTarget;
    use workflow_api::WorkflowState;

    use super::*;

    fn run() -> WorkflowRun {
        let target = TemporalTarget::new("nowhere:7233", "default").unwrap();
        WorkflowRun { target, workflow_id: "w".into(), run_id: "r".into() }
    }

    fn closed() -> Closed {
        Closed { run_id: "r".into(), state: WorkflowState::Completed, result: None, failure: None }
    }

    #[tokio::test]
    async fn one_poll_serves_a_thousand_waiters() {
        let (polls, run, started) = (Polls::default(), run(), AtomicUsize::new(0));
        let (end, ended) = watch::channel(false);
        let waits = (0..1000).map(|_| {
            polls.wait(&run, None, |_| {
                started.fetch_add(1, Ordering::Relaxed);
                let mut ended = ended.clone();
                async move {
                    let _ = ended.wait_for(|ended| *ended).await;
                    Ok(closed())
                }
            })
        });
        let all = join_all(waits);
        let (waited, _) = tokio::join!(all, async { end.send_replace(true) });
        assert!(waited.into_iter().all(|waited| waited.unwrap() == Waited::Closed(closed())));
        assert_eq!(started.into_inner(), 1);
        assert!(polls.open.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_poll_without_waiters_is_dropped_and_the_next_waiter_starts_another() {
        let (polls, run) = (Polls::default(), run());
        let alive = Arc::new(());
        let soon = Instant::now();
        let held = Arc::clone(&alive);
        let waited = polls
            .wait(&run, Some(soon), |report| async move {
                let _held = held;
                report.send_replace(Progress::Running);
                pending().await
            })
            .await;
        assert_eq!(waited.unwrap(), Waited::StillRunning);
        while Arc::strong_count(&alive) > 1 {
            tokio::task::yield_now().await;
        }
        let waited = polls.wait(&run, None, |_| async { Ok(closed()) }).await;
        assert_eq!(waited.unwrap(), Waited::Closed(closed()));
    }

    #[tokio::test]
    async fn at_the_bound_nobody_is_told_what_was_not_seen() {
        let polls = Polls::default();
        let waited = polls
            .wait(&run(), Some(Instant::now()), |report| async move {
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
                report.send_replace(Progress::Running);
                pending().await
            })
            .await;
        assert_eq!(waited.unwrap(), Waited::StillRunning);
    }

    #[tokio::test]
    async fn a_poll_that_panics_fails_its_waiters() {
        let polls = Polls::default();
        let waited = polls.wait(&run(), None, |_| async { panic!("as intended") }).await;
        assert!(matches!(waited, Err(EngineError::Other { .. })), "{waited:?}");
        assert!(polls.open.lock().unwrap().is_empty());
    }
}
