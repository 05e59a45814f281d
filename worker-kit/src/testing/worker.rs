//! A worker in the test's own process.

use std::time::Duration;

use serde::Serialize;
use temporalio_client::{Client, UntypedWorkflow, WorkflowStartOptions};
use temporalio_common::data_converters::{PayloadConverter, RawValue};
use temporalio_sdk::{Runtime, Worker, WorkerOptions, WorkflowRegistrationError};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::server::{Server, connect};
use super::{TestError, TestRun};

/// What activities under way have left when the test is over.
const DRAIN: Duration = Duration::from_millis(100);

/// A worker in the test's own process, which serves a task queue of its own until it is dropped.
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
    /// Starts a worker of what `register` adds, on the server that `TEMPORAL_TEST_ADDRESS` names (`host:port`), else on a dev
    /// server of its own: the program that `TEMPORAL_CLI` names, else `temporal` on `PATH`.
    ///
    /// # Errors
    /// When there is no server, or what is registered cannot be run.
    pub async fn start(
        register: impl FnOnce(&mut WorkerOptions) -> Result<(), WorkflowRegistrationError>,
    ) -> Result<Self, TestError> {
        let server = Server::find().await?;
        let worker = Self::on(&server.address, register).await?;
        Ok(Self { _server: Some(server), ..worker })
    }

    /// The same on a server that runs already, at `address` (`host:port`), in its namespace `default`.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn on(
        address: &str,
        register: impl FnOnce(&mut WorkerOptions) -> Result<(), WorkflowRegistrationError>,
    ) -> Result<Self, TestError> {
        let task_queue = format!("test-{}", Uuid::new_v4());
        Self::on_queue(address, &task_queue, register).await
    }

    /// The same on the task queue of this name, for workflows that others start.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn on_queue(
        address: &str,
        task_queue: &str,
        register: impl FnOnce(&mut WorkerOptions) -> Result<(), WorkflowRegistrationError>,
    ) -> Result<Self, TestError> {
        let client = connect(address).await?;
        let mut options = WorkerOptions::new(task_queue).graceful_shutdown_period(DRAIN).build();
        register(&mut options).map_err(|error| TestError::new("it cannot be registered", error))?;
        let (working, over) = oneshot::channel();
        let (ready, is_ready) = oneshot::channel();
        let address = address.to_owned();
        // The future of a worker cannot leave its thread; one of its own works on while the test blocks.
        let thread = std::thread::Builder::new().name("test-worker".to_owned());
        let work = move || work(&address, options, ready, over);
        thread.spawn(work).map_err(|error| TestError::new("no thread for the worker", error))?;
        let died = |_| Err(TestError("the worker's thread died".to_owned()));
        is_ready.await.unwrap_or_else(died)?;
        Ok(Self { client, task_queue: task_queue.to_owned(), _working: working, _server: None })
    }

    /// The worker's task queue.
    pub fn task_queue(&self) -> &str {
        &self.task_queue
    }

    /// A client of the same server, for what is not here.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Starts the workflow of this type as an intent with these `workflowParams` does, under an ID of its own.
    ///
    /// # Errors
    /// When Temporal refuses.
    pub async fn run(&self, workflow_type: &str, params: impl Serialize) -> Result<TestRun, TestError> {
        let id = format!("{workflow_type}-{}", Uuid::new_v4());
        self.run_with(workflow_type, params, WorkflowStartOptions::new(&self.task_queue, id).build()).await
    }

    /// The same with start options of your own: retries, timeouts, the workflow ID.
    ///
    /// # Errors
    /// When Temporal refuses.
    pub async fn run_with(
        &self,
        workflow_type: &str,
        params: impl Serialize,
        options: WorkflowStartOptions,
    ) -> Result<TestRun, TestError> {
        let params = serde_json::to_value(params).map_err(|error| TestError::new("no JSON", error))?;
        let input = RawValue::from_value(&params, &PayloadConverter::default());
        let started = self.client.start_workflow(UntypedWorkflow::new(workflow_type), input, options).await;
        Ok(TestRun::new(started.map_err(|error| TestError::new("the workflow does not start", error))?))
    }
}

/// The whole life of the worker's thread.
fn work(
    address: &str,
    options: WorkerOptions,
    ready: oneshot::Sender<Result<(), TestError>>,
    over: oneshot::Receiver<()>,
) {
    let no_runtime = |error| TestError::new("no runtime for the worker", error);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        // An error says that nobody waits for the worker any more; so below.
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
            // The test never sends; it is over when it drops its end.
            let _ = over.await;
            stop();
        };
        let (ended, ()) = tokio::join!(worker.run(), stopping);
        if let Err(error) = ended {
            tracing::warn!(error = service::chain(&error), "the test's worker broke down");
        }
    });
}

async fn worker(address: &str, options: WorkerOptions) -> Result<Worker, TestError> {
    let client = connect(address).await?;
    let runtime =
        Runtime::from_current_tokio(Default::default()).map_err(|error| TestError::new("no SDK", error))?;
    Worker::new(&runtime, client, options)
        .map_err(|error| TestError::new("no worker; is anything registered?", error))
}
