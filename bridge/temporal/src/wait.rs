//! Waits for the end of runs. Any number of callers that wait on one run share one long poll.

use std::sync::Arc;

use bridge_core::model::WorkflowRun;
use bridge_core::ports::{EngineError, Waited};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use workflow_api::WorkflowState;

use crate::failure::Ending;
use crate::polls::{PollLost, Polls, Report};
use crate::servers::place;

/// The progress of the wait for the end of one run.
#[derive(Debug, Clone)]
pub(crate) enum Progress {
    /// It is not known yet whether the run has ended.
    Unknown,
    /// Nor is it known, because a call has timed out. It is repeated.
    Slow(EngineError),
    /// The run is open, in this state.
    Open(WorkflowState),
    /// The run ended, or an error occurred.
    Ended(Result<Ending, EngineError>),
}

/// Waits until `deadline` for the end of `run` and of the runs that continue it. `watch` watches one run, for
/// all callers that wait on it.
pub(crate) async fn wait<F>(
    polls: &Polls<Progress>,
    run: &WorkflowRun,
    deadline: Option<Instant>,
    watch: impl Fn(WorkflowRun, Report<Progress>) -> F,
) -> Result<Waited, EngineError>
where
    F: Future<Output = Result<Ending, EngineError>> + Send + 'static,
{
    let mut at = run.clone();
    loop {
        let mut poll = polls.join(&at, Progress::Unknown, |report| {
            let work = watch(at.clone(), Arc::clone(&report));
            async move {
                let ended = work.await;
                report.send_replace(Progress::Ended(ended));
            }
        });
        let progress = match deadline {
            None => seen(&mut poll, is_ended).await,
            Some(deadline) => match timeout_at(deadline, seen(&mut poll, is_ended)).await {
                Ok(progress) => progress,
                // The first calls have timeouts of their own. A response `running` before they return would
                // be a guess.
                Err(_) => seen(&mut poll, is_known).await,
            },
        };
        match progress {
            Some(Progress::Ended(ended)) => match ended? {
                Ending::Final(closed) => return Ok(Waited::Closed(closed)),
                // Each run has a poll of its own, so callers that wait on a later run share it.
                Ending::Next { run_id, .. } => at.run_id = run_id,
            },
            Some(Progress::Open(state)) => return Ok(Waited::StillOpen { run_id: at.run_id, state }),
            Some(Progress::Slow(error)) => return Err(error),
            Some(Progress::Unknown) | None => {
                return Err(EngineError::Other { engine: place(&run.target), source: Arc::new(PollLost) });
            }
        }
    }
}

/// Returns the first progress that `wanted` accepts; `None` if the poll stopped before.
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
    use std::sync::Mutex;

    use bridge_core::model::Target;
    use bridge_core::ports::Closed;
    use futures::future::join_all;

    use super::*;

    fn run(run_id: &str) -> WorkflowRun {
        let target = Target { server: "nowhere:7233".to_owned(), namespace: "default".into() };
        WorkflowRun { target, workflow_id: "w".into(), run_id: run_id.into() }
    }

    fn closed() -> Closed {
        Closed { run_id: "r".into(), state: WorkflowState::Completed, result: None, failure: None }
    }

    #[tokio::test]
    async fn a_thousand_waiters_share_the_watch_of_each_run() {
        let (polls, watched) = (Polls::default(), Arc::new(Mutex::new(Vec::new())));
        let (end, ended) = watch::channel(false);
        let runs = ["", "first", "last"].map(run);
        let mut waits = join_all((0..1000).map(|at| {
            wait(&polls, &runs[at % 3], None, |run, _| {
                let (watched, mut ended) = (Arc::clone(&watched), ended.clone());
                async move {
                    watched.lock().unwrap().push(run.run_id.to_string());
                    let next = |run_id: &str| {
                        Ok(Ending::Next { state: WorkflowState::ContinuedAsNew, run_id: run_id.into() })
                    };
                    match run.run_id.as_str() {
                        "" => next("first"),
                        "first" => next("last"),
                        _ => {
                            let _ = ended.wait_for(|ended| *ended).await;
                            Ok(Ending::Final(closed()))
                        }
                    }
                }
            })
        }));
        // Until all of them wait.
        for _ in 0..1000 {
            assert!(futures::poll!(&mut waits).is_pending());
            tokio::task::yield_now().await;
        }
        end.send_replace(true);
        let waited = waits.await;
        assert!(waited.into_iter().all(|waited| waited.unwrap() == Waited::Closed(closed())));
        let mut watched = watched.lock().unwrap().clone();
        watched.sort();
        // The short watches may be over before the next caller comes; the long one happens once.
        assert_eq!(watched.iter().filter(|run| *run == "last").count(), 1, "{watched:?}");
    }

    #[tokio::test]
    async fn at_the_timeout_only_an_observed_state_is_reported() {
        let waited = wait(&Polls::default(), &run("r"), Some(Instant::now()), |_, report| async move {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            report.send_replace(Progress::Open(WorkflowState::Paused));
            pending().await
        })
        .await;
        let open = Waited::StillOpen { run_id: "r".into(), state: WorkflowState::Paused };
        assert_eq!(waited.unwrap(), open);
    }

    #[tokio::test]
    async fn a_watch_that_panics_fails_its_waiters() {
        let waited = wait(&Polls::default(), &run("r"), None, |_, _| async { panic!("as intended") }).await;
        assert!(matches!(waited, Err(EngineError::Other { .. })), "{waited:?}");
    }
}
