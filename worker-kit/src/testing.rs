//! Tests of workflows on a real Temporal server, and of single activities (feature `testing`, for
//! `[dev-dependencies]`).
//!
//! [`TestWorker`] runs a worker in the process of the test, on its own task queue, and starts workflows as an intent
//! does. [`TestActivity`] runs one activity in the SDK's worker without a server, in milliseconds. [`replay`] follows
//! recorded histories with the current code, and [`shorten_timers`] lets the timers of workflows end sooner.

mod activity;
mod failure;
mod replay;
mod run;
mod server;
mod timers;
mod worker;

pub use activity::TestActivity;
pub use failure::{Ended, Failure};
pub use replay::replay;
pub use run::TestRun;
pub use timers::shorten_timers;
pub use worker::TestWorker;

/// The JSON of results, queries and details.
pub use serde_json::Value;
/// Types of Temporal's SDK that the signatures here name.
pub use temporalio_client::{Client, UntypedWorkflow, WorkflowHandle, WorkflowStartOptions};
pub use temporalio_sdk::activities::ActivityImplementer;

/// The error of a test that cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TestError(String);

impl TestError {
    fn new(what: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(format!("{what}: {}", service::chain(&*error.into())))
    }
}
