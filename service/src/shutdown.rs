//! The end of a process: a first SIGTERM or SIGINT drains it, a second one or the drain deadline stops it.

use std::io;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a process may take to return from `main` after the hard stop, before it is ended.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Signals every part of a process when to finish (soft) and when to stop (hard). Clones share the signals.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    soft: CancellationToken,
    hard: CancellationToken,
    work: TaskTracker,
}

impl Shutdown {
    /// Returns a shutdown that only [`drain`](Self::drain) and [`stop`](Self::stop) begin. Once it drains, parts have
    /// `deadline` left. Needs a Tokio runtime.
    pub fn new(deadline: Duration) -> Self {
        let shutdown = Self::default();
        let ours = shutdown.clone();
        tokio::spawn(async move { ours.deadline(deadline).await });
        shutdown
    }

    /// Returns a shutdown that SIGTERM or SIGINT begins. A process that then does not end by itself is ended soon after
    /// the hard stop.
    ///
    /// # Errors
    /// When the signals cannot be watched.
    pub fn on_signals(deadline: Duration) -> io::Result<Self> {
        // On a thread of its own, so that the process ends although all others compute.
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (mut terminate, mut interrupt) = {
            let _entered = runtime.enter();
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
        };
        let mut signalled = async move || {
            tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            }
        };
        let shutdown = Self::default();
        let ours = shutdown.clone();
        let ending = async move {
            tokio::select! {
                name = signalled() => tracing::info!(signal = name, ?deadline, "finishing; a second signal stops at once"),
                () = ours.draining() => {}
            }
            ours.drain();
            tokio::select! {
                name = signalled() => tracing::warn!(signal = name, "stopping at once"),
                () = ours.deadline(deadline) => {}
            }
            ours.stop();
            tokio::time::sleep(LAST_WORDS).await;
            tracing::error!("a part of this process did not stop; ending it");
            std::process::exit(1);
        };
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || runtime.block_on(ending))?;
        Ok(shutdown)
    }

    /// Ends at the hard stop. It comes after the deadline, if not before.
    async fn deadline(&self, deadline: Duration) {
        let passed = async {
            self.draining().await;
            tokio::time::sleep(deadline).await;
        };
        if self.hard.run_until_cancelled(passed).await.is_some() {
            tracing::warn!(?deadline, "not everything finished before the drain deadline");
            self.hard.cancel();
        }
    }

    /// Begins to drain: parts accept no new work, and finish what is in progress.
    pub fn drain(&self) {
        self.soft.cancel();
    }

    /// Stops now: parts drop what is in progress.
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

    /// Ends when work in progress must be dropped.
    pub async fn stopped(&self) {
        self.hard.cancelled().await;
    }

    /// Returns the tracker of the work that the end of the process waits for.
    pub fn tasks(&self) -> TaskTracker {
        self.work.clone()
    }

    /// Returns a token of the draining, for libraries that need one.
    pub fn token(&self) -> CancellationToken {
        self.soft.child_token()
    }

    /// Starts work that the end of the process waits for (see [`finished`](Self::finished)). It continues if its caller
    /// goes away, and keeps the caller's [`Origin`](crate::origin::Origin).
    pub fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.work.spawn(crate::origin::carried(work))
    }

    /// Ends when all work given to [`spawn`](Self::spawn) is done, or must be dropped. Call it at the end of `main`.
    pub async fn finished(&self) {
        self.work.close();
        self.hard.run_until_cancelled(self.work.wait()).await;
    }
}
