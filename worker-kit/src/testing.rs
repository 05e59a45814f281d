//! Tests of workflows on a real Temporal server, and of activities alone (feature `testing`, for `[dev-dependencies]`).
//!
//! [`TestWorker`] runs a worker in the test's own process, on a task queue of its own, and starts workflows as an intent does.
//! [`TestActivity`] runs one activity in the SDK's worker without any server, in milliseconds.

mod activity;
mod failure;
mod run;
mod server;
mod worker;

pub use activity::TestActivity;
pub use failure::{Ended, Failure};
pub use run::TestRun;
pub use worker::TestWorker;

/// Why a test cannot begin.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TestError(String);

impl TestError {
    fn new(what: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let mut text = what.to_owned();
        let error = error.into();
        let mut cause: Option<&dyn std::error::Error> = Some(&*error);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        Self(text)
    }
}
