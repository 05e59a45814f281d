//! Whether a process is ready for work: named checks, each bounded in time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use serde::Serialize;

use crate::shutdown::Shutdown;

/// How long a check may take. Below the time limit of a Kubernetes probe with `timeoutSeconds: 3`.
const BOUND: Duration = Duration::from_secs(2);

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Notice = Arc<dyn Fn() -> Option<String> + Send + Sync>;
type Check = Arc<dyn Fn() -> BoxFuture<'static, Result<(), BoxError>> + Send + Sync>;

/// The checks of a process. A process without checks is ready until it drains.
#[derive(Clone)]
pub struct Health {
    shutdown: Shutdown,
    checks: Vec<(&'static str, Check)>,
    notices: Vec<(&'static str, Notice)>,
}

/// The body of `/readyz`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether all checks passed.
    pub ready: bool,
    /// Each check.
    pub checks: Vec<Finding>,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check.
    pub name: &'static str,
    /// Whether it passed.
    pub ready: bool,
    /// Why it did not; or, if it passed, what an operator should correct nevertheless.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Health {
    /// Returns a process that is ready until it drains.
    pub fn new(shutdown: &Shutdown) -> Self {
        Self { shutdown: shutdown.clone(), checks: Vec::new(), notices: Vec::new() }
    }

    /// Adds a check that must pass for the process to be ready. It runs at each probe, and fails when it takes longer
    /// than two seconds.
    #[must_use]
    pub fn with_check<F, E>(
        mut self,
        name: &'static str,
        check: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let check: Check = Arc::new(move || check().map(|found| found.map_err(Into::into)).boxed());
        self.checks.push((name, check));
        self
    }

    /// Adds what may have to be corrected, although the process is ready: `notice` returns what, or `None`.
    #[must_use]
    pub fn with_notice(
        mut self,
        name: &'static str,
        notice: impl Fn() -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.notices.push((name, Arc::new(notice)));
        self
    }

    /// Runs all checks, side by side. A draining process is not ready, whatever their results.
    pub async fn report(&self) -> Report {
        if self.shutdown.is_draining() {
            let reason = Some("this process is finishing".to_owned());
            return Report { ready: false, checks: vec![Finding { name: "shutdown", ready: false, reason }] };
        }
        let mut checks = join_all(self.checks.iter().map(|(name, check)| run(name, check))).await;
        let notices =
            self.notices.iter().map(|(name, notice)| Finding { name, ready: true, reason: notice() });
        checks.extend(notices);
        Report { ready: checks.iter().all(|finding| finding.ready), checks }
    }
}

async fn run(name: &'static str, check: &Check) -> Finding {
    let reason = match tokio::time::timeout(BOUND, check()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(crate::chain(error.as_ref())),
        Err(_) => Some(format!("no response within {} s", BOUND.as_secs())),
    };
    Finding { name, ready: reason.is_none(), reason }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.checks.iter().map(|(name, _)| name)).finish()
    }
}
