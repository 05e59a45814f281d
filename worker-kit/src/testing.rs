//! Tests of workflows on a real Temporal server, and of single activities (feature `testing`, for
//! `[dev-dependencies]`).
//!
//! [`TestWorker`] runs a worker in the process of the test, on its own task queue, and starts workflows as an intent
//! does. [`TestActivity`] runs one activity in the SDK's worker without a server, in milliseconds.

mod activity;
mod failure;
mod run;
mod server;
mod worker;

pub use activity::TestActivity;
pub use failure::{Ended, Failure};
pub use run::TestRun;
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
