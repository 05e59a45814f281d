//! The end of a process: a first SIGTERM or SIGINT drains it, a second one or the drain deadline cuts it off.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a process that was cut off has left to return from `main` before it is ended.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Tells every part of a process when to finish (soft) and when to stop (hard). Clones speak of the same end.
#[derive(Debug, Clone)]
pub struct Shutdown {
    soft: CancellationToken,
    hard: CancellationToken,
    work: TaskTracker,
}

impl Shutdown {
    /// A shutdown that only [`drain`](Self::drain) and [`stop`](Self::stop) begin. Once it drains, parts have `deadline` left.
    /// Needs a Tokio runtime.
    pub fn new(deadline: Duration) -> Self {
        let shutdown =
            Self { soft: CancellationToken::new(), hard: CancellationToken::new(), work: TaskTracker::new() };
        let Self { soft, hard, .. } = shutdown.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = hard.cancelled() => return,
                () = soft.cancelled() => {}
            }
            tokio::select! {
                () = hard.cancelled() => {}
                () = tokio::time::sleep(deadline) => {
                    tracing::warn!(?deadline, "not everything finished before the drain deadline");
                    hard.cancel();
                }
            }
        });
        shutdown
    }

    /// A shutdown begun by SIGTERM or SIGINT. A process that then does not end by itself is ended soon after the hard stop.
    ///
    /// # Errors
    /// When the signals cannot be watched.
    pub fn on_signals(deadline: Duration) -> io::Result<Self> {
        let mut signals = Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        };
        let shutdown = Self::new(deadline);
        let ours = shutdown.clone();
        tokio::spawn(async move {
            tokio::select! {
                name = signals.next() => tracing::info!(signal = name, ?deadline, "finishing; a second signal stops at once"),
                () = ours.draining() => {}
            }
            ours.drain();
            tokio::select! {
                name = signals.next() => tracing::warn!(signal = name, "stopping at once"),
                () = ours.stopped() => {}
            }
            ours.stop();
            tokio::time::sleep(LAST_WORDS).await;
            tracing::error!("a part of this process did not stop; ending it");
            std::process::exit(1);
        });
        Ok(shutdown)
    }

    /// Begin to drain: take no new work, finish what is under way.
    pub fn drain(&self) {
        self.soft.cancel();
    }

    /// Stop now: drop what is under way.
    pub fn stop(&self) {
        self.soft.cancel();
        self.hard.cancel();
    }

    /// Ends when the process begins to drain.
    pub async fn draining(&self) {
        self.soft.cancelled().await;
    }

    /// Whether the process drains.
    pub fn is_draining(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Ends when what is under way must be dropped.
    pub async fn stopped(&self) {
        self.hard.cancelled().await;
    }

    /// Returns the tracker of the work that the end of the process waits for.
    pub fn tasks(&self) -> TaskTracker {
        self.work.clone()
    }

    /// A token of the draining, for libraries that take one.
    pub fn token(&self) -> CancellationToken {
        self.soft.child_token()
    }

    /// Starts work that the end of the process waits for (see [`finished`](Self::finished)). It is carried through although whoever
    /// awaits it goes away, and keeps the [`Origin`](crate::origin::Origin) of whoever started it.
    pub fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.work.spawn(crate::origin::carried(work))
    }

    /// Ends when all work given to [`spawn`](Self::spawn) is done, or must be dropped. Call it last in `main`.
    pub async fn finished(&self) {
        self.work.close();
        tokio::select! {
            () = self.work.wait() => {}
            () = self.stopped() => {}
        }
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinError;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn draining_turns_into_a_stop_at_the_deadline() {
        let shutdown = Shutdown::new(Duration::from_secs(30));
        let before = tokio::time::Instant::now();
        shutdown.drain();
        shutdown.draining().await;
        shutdown.stopped().await;
        assert_eq!(before.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_waits_for_nothing() {
        let shutdown = Shutdown::new(Duration::from_secs(30));
        let before = tokio::time::Instant::now();
        shutdown.stop();
        shutdown.draining().await;
        shutdown.stopped().await;
        assert!(before.elapsed().is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_waits_for_work() {
        let shutdown = Shutdown::new(Duration::from_secs(30));
        let work = shutdown.spawn(tokio::time::sleep(Duration::from_secs(5)));
        let before = tokio::time::Instant::now();
        shutdown.drain();
        shutdown.finished().await;
        assert_eq!(before.elapsed().as_secs(), 5);
        assert!(work.is_finished());
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_does_not_wait_past_the_deadline() {
        let shutdown = Shutdown::new(Duration::from_secs(30));
        shutdown.spawn(std::future::pending::<()>());
        let before = tokio::time::Instant::now();
        shutdown.drain();
        shutdown.finished().await;
        assert_eq!(before.elapsed().as_secs(), 30);
    }

    #[tokio::test]
    async fn work_whose_caller_goes_away_is_done_all_the_same_and_counted() {
        let shutdown = Shutdown::new(Duration::from_secs(30));
        let (go, going) = tokio::sync::oneshot::channel::<()>();
        let (done, is_done) = tokio::sync::oneshot::channel();
        drop(shutdown.spawn(async move {
            going.await.unwrap();
            done.send(()).unwrap();
        }));
        assert!(futures::poll!(Box::pin(shutdown.finished())).is_pending());
        go.send(()).unwrap();
        is_done.await.unwrap();
        shutdown.finished().await;
    }

    #[tokio::test]
    async fn work_that_panics_breaks_off_and_is_not_waited_for() {
        let shutdown = Shutdown::new(Duration::from_secs(30));
        assert!(
            shutdown
                .spawn(async { panic!("as intended") })
                .await
                .is_err_and(|error: JoinError| error.is_panic())
        );
        shutdown.finished().await;
    }
}
