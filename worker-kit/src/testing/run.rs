//! A workflow that a test has started.

use std::path::Path;
use std::time::Duration;
use std::{fmt, fs};

use serde::Serialize;
use serde_json::{Value, json};
use temporalio_client::errors::WorkflowGetResultError;
use temporalio_client::{
    Client, UntypedQuery, UntypedSignal, UntypedWorkflow, WorkflowCancelOptions, WorkflowFetchHistoryOptions,
    WorkflowGetResultOptions, WorkflowHandle, WorkflowQueryOptions, WorkflowSignalOptions,
};
use temporalio_common::data_converters::{PayloadConverter, RawValue};
use workflow_api::RawJson;

use super::failure;
use super::{Ended, Failure, TestError};

/// How long a test waits for a workflow to end.
const SOON: Duration = Duration::from_secs(60);

/// A workflow that a test has started.
pub struct TestRun {
    handle: WorkflowHandle<Client, UntypedWorkflow>,
}

impl fmt::Debug for TestRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestRun").field("id", &self.id()).finish_non_exhaustive()
    }
}

impl TestRun {
    pub(super) fn new(handle: WorkflowHandle<Client, UntypedWorkflow>) -> Self {
        Self { handle }
    }

    /// The SDK's handle, for methods that are missing here.
    pub fn handle(&self) -> &WorkflowHandle<Client, UntypedWorkflow> {
        &self.handle
    }

    /// The workflow ID.
    pub fn id(&self) -> &str {
        &self.handle.info().workflow_id
    }

    /// Waits for the result, at most a minute, and returns it as JSON.
    ///
    /// # Errors
    /// How the workflow ended, if it did not complete.
    pub async fn result(&self) -> Result<Value, Ended> {
        let result = self.handle.get_result(WorkflowGetResultOptions::default());
        match tokio::time::timeout(SOON, result).await {
            Ok(Ok(result)) => Ok(failure::json(&result.payloads)),
            Ok(Err(error)) => Err(ended(error)),
            Err(_) => Err(Ended::Unknown(format!("it is still running after {SOON:?}"))),
        }
    }

    /// Waits for the workflow to fail.
    ///
    /// # Errors
    /// How the workflow ended otherwise; [`Ended::Unknown`] if it completed.
    pub async fn failure(&self) -> Result<Failure, Ended> {
        match self.result().await {
            Ok(result) => Err(Ended::Unknown(format!("it did not fail but completed: {result}"))),
            Err(Ended::Failed(failure)) => Ok(failure),
            Err(other) => Err(other),
        }
    }

    /// Queries the workflow, without an argument.
    ///
    /// # Errors
    /// When there is no such query, or no response.
    pub async fn query(&self, name: &str) -> Result<Value, TestError> {
        let query =
            self.handle.query(UntypedQuery::new(name), RawValue::default(), WorkflowQueryOptions::default());
        let answer = query.await.map_err(|error| TestError::new(&format!("cannot query `{name}`"), error))?;
        Ok(failure::json(&answer.payloads))
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// When Temporal refuses.
    pub async fn signal(&self, name: &str, argument: impl Serialize) -> Result<(), TestError> {
        let argument =
            serde_json::to_value(argument).map_err(|error| TestError::new("cannot write JSON", error))?;
        let argument = RawValue::from_value(&argument, &PayloadConverter::default());
        let signal = self.handle.signal(UntypedSignal::new(name), argument, WorkflowSignalOptions::default());
        signal.await.map_err(|error| TestError::new(&format!("cannot send signal `{name}`"), error))
    }

    /// Cancels the workflow, as an intent's `/cancel` does.
    ///
    /// # Errors
    /// When Temporal refuses.
    pub async fn cancel(&self) -> Result<(), TestError> {
        let cancel = self.handle.cancel(WorkflowCancelOptions::default());
        cancel.await.map_err(|error| TestError::new("cannot cancel the workflow", error))
    }

    /// Records the history in a file, for [`replay`](super::replay()), unless the file exists. Delete it to record
    /// again. `path` is relative to the package.
    ///
    /// Call this when the workflow has ended, or has come as far as the recording should go. The file has arguments and
    /// results as they are: record no secrets.
    ///
    /// # Errors
    /// When the history cannot be read or written.
    pub async fn record(&self, path: impl AsRef<Path>) -> Result<(), TestError> {
        let path = path.as_ref();
        if path.exists() {
            return Ok(());
        }
        let events = self.handle.fetch_history(WorkflowFetchHistoryOptions::default()).into_events().await;
        let events = events.map_err(|error| TestError::new("cannot read the history", error))?;
        let events: Result<Vec<_>, _> = events.iter().map(temporal::json::event).collect();
        let events = events.map_err(|error| TestError::new("cannot write JSON", error))?;
        write(path, &events)
            .map_err(|error| TestError::new(&format!("cannot write {}", path.display()), error))
    }
}

fn write(path: &Path, events: &[RawJson]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let json = serde_json::to_string_pretty(&json!({ "events": events }))?;
    fs::write(path, json + "\n")
}

fn ended(error: WorkflowGetResultError) -> Ended {
    match error {
        WorkflowGetResultError::Failed(failure) => Ended::Failed(Failure::of(failure.failure())),
        WorkflowGetResultError::Cancelled { details } => {
            Ended::Cancelled(details.deserialize::<Value>().unwrap_or_default())
        }
        WorkflowGetResultError::Terminated { .. } => Ended::Terminated,
        WorkflowGetResultError::TimedOut => Ended::TimedOut,
        other => Ended::Unknown(other.to_string()),
    }
}
