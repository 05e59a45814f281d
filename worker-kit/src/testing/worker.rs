//! A worker in the process of the test.

use std::time::Duration;

use serde::Serialize;
use temporalio_client::{Client, UntypedWorkflow, WorkflowStartOptions};
use temporalio_common::data_converters::{PayloadConverter, RawValue};
use temporalio_sdk::{Runtime, Worker, WorkerOptions};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::server::{Server, connect};
use super::{TestError, TestRun};
use crate::RegisterError;
use crate::caller;

/// How long running activities may take to finish when the test is over.
const DRAIN: Duration = Duration::from_millis(100);

/// A worker in the process of the test, which serves its own task queue until it is dropped.
///
/// ```no_run
/// # use temporalio_macros::activities;
/// # use temporalio_sdk::activities::{ActivityContext, ActivityError};
/// # pub struct Greetings;
/// # #[activities]
/// # impl Greetings {
/// #     #[activity] pub async fn greet(_: ActivityContext, _: String) -> Result<(), ActivityError> { Ok(()) }
/// # }
/// use serde_json::json;
/// use worker_kit::testing::TestWorker;
///
/// # async fn test() -> Result<(), Box<dyn std::error::Error>> {
/// let worker = TestWorker::start(|worker| {
///     // As in `main`: workflows and activities.
///     worker.register_activities(Greetings);
///     Ok(())
/// })
/// .await?;
/// let run = worker.run("Hello", json!({"activityParams": {"Greet": {"name": "World"}}})).await?;
/// assert_eq!(run.result().await?, "Hello, World");
/// assert_eq!(run.query("current-state").await?, "completed");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TestWorker {
    client: Client,
    task_queue: String,
    /// Dropped, it ends the worker's thread.
    _working: oneshot::Sender<()>,
    /// After the worker.
    _server: Option<Server>,
}

impl TestWorker {
    /// Starts a worker with the workflows and activities that `register` adds. It connects to the server that
    /// `TEMPORAL_TEST_ADDRESS` names (`host:port`). Otherwise it starts a dev server: the program that `TEMPORAL_CLI`
    /// names, or else `temporal` on `PATH`.
    ///
    /// # Errors
    /// When there is no server, or the workflows and activities cannot be registered.
    pub async fn start(
        register: impl FnOnce(&mut WorkerOptions) -> Result<(), RegisterError>,
    ) -> Result<Self, TestError> {
        let server = Server::find().await?;
        let worker = Self::on(&server.address, register).await?;
        Ok(Self { _server: Some(server), ..worker })
    }

    /// Starts a worker on the running server at `address` (`host:port`), in its namespace `default`.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn on(
        address: &str,
        register: impl FnOnce(&mut WorkerOptions) -> Result<(), RegisterError>,
    ) -> Result<Self, TestError> {
        let task_queue = format!("test-{}", Uuid::new_v4());
        Self::on_queue(address, &task_queue, register).await
    }

    /// Starts a worker on the given server and task queue, for workflows that other programs start.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn on_queue(
        address: &str,
        task_queue: &str,
        register: impl FnOnce(&mut WorkerOptions) -> Result<(), RegisterError>,
    ) -> Result<Self, TestError> {
        let client = connect(address).await?;
        let mut options = WorkerOptions::new(task_queue).graceful_shutdown_period(DRAIN).build();
        caller::carry(&mut options);
        register(&mut options).map_err(|error| TestError::new("cannot register the workflows", error))?;
        let (working, over) = oneshot::channel();
        let (ready, is_ready) = oneshot::channel();
        let address = address.to_owned();
        // The future of a worker cannot be sent to another thread. With its own thread, it works while the test blocks.
        let thread = std::thread::Builder::new().name("test-worker".to_owned());
        let work = move || work(&address, options, ready, over);
        thread.spawn(work).map_err(|error| TestError::new("cannot start a thread for the worker", error))?;
        let died = |_| Err(TestError("the thread of the worker panicked".to_owned()));
        is_ready.await.unwrap_or_else(died)?;
        Ok(Self { client, task_queue: task_queue.to_owned(), _working: working, _server: None })
    }

    /// The worker's task queue.
    pub fn task_queue(&self) -> &str {
        &self.task_queue
    }

    /// A client of the server, for methods that are missing here.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Starts a workflow of this type under a new ID, as an intent with these `workflowParams` does.
    ///
    /// # Errors
    /// When Temporal refuses.
    pub async fn run(&self, workflow_type: &str, params: impl Serialize) -> Result<TestRun, TestError> {
        let id = format!("{workflow_type}-{}", Uuid::new_v4());
        self.run_with(workflow_type, params, WorkflowStartOptions::new(&self.task_queue, id).build()).await
    }

    /// Starts a workflow of this type with the given start options: retries, timeouts, the workflow ID.
    ///
    /// # Errors
    /// When Temporal refuses.
    pub async fn run_with(
        &self,
        workflow_type: &str,
        params: impl Serialize,
        options: WorkflowStartOptions,
    ) -> Result<TestRun, TestError> {
        let params =
            serde_json::to_value(params).map_err(|error| TestError::new("cannot write JSON", error))?;
        let input = RawValue::from_value(&params, &PayloadConverter::default());
        let started = self.client.start_workflow(UntypedWorkflow::new(workflow_type), input, options).await;
        Ok(TestRun::new(started.map_err(|error| TestError::new("cannot start the workflow", error))?))
    }
}

/// Runs the worker's thread.
fn work(
    address: &str,
    options: WorkerOptions,
    ready: oneshot::Sender<Result<(), TestError>>,
    over: oneshot::Receiver<()>,
) {
    let no_runtime = |error| TestError::new("cannot start a runtime for the worker", error);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        // Sending fails if the test no longer waits; so below.
        Err(error) => return drop(ready.send(Err(no_runtime(error)))),
    };
    runtime.block_on(async {
        let mut worker = match worker(address, options).await {
            Ok(worker) => worker,
            Err(error) => return drop(ready.send(Err(error))),
        };
        let stop = worker.shutdown_handle();
        let _ = ready.send(Ok(()));
        let stopping = async {
            // The test never sends: it drops its end when it is over.
            let _ = over.await;
            stop();
        };
        let (ended, ()) = tokio::join!(worker.run(), stopping);
        if let Err(error) = ended {
            tracing::warn!(error = service::chain(&error), "the worker of the test failed");
        }
    });
}

async fn worker(address: &str, options: WorkerOptions) -> Result<Worker, TestError> {
    let client = connect(address).await?;
    let runtime = Runtime::from_current_tokio(Default::default())
        .map_err(|error| TestError::new("cannot start the SDK", error))?;
    Worker::new(&runtime, client, options)
        .map_err(|error| TestError::new("cannot create a worker; is anything registered?", error))
}
