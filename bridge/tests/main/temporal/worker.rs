//! A real worker in the test process: small workflows, one for each way in which a run can end.

use std::time::Duration;

use serde_json::{Value, json};
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, Url};
use temporalio_common::RetryPolicy;
use temporalio_common::data_converters::RawValue;
use temporalio_common::error::ApplicationFailure;
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_sdk::{
    ActivityOptions, ChildWorkflowOptions, ContinueAsNewOptions, Runtime, SyncWorkflowContext, Worker,
    WorkerOptions, WorkflowContext, WorkflowContextView, WorkflowResult, WorkflowTermination,
};
use tokio::sync::oneshot;

/// A worker on a thread of its own, because the SDK's worker cannot move between threads. Stops when dropped.
pub(crate) struct TestWorker {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl TestWorker {
    /// Starts a worker for `task_queue`.
    pub(crate) fn start(url: String, task_queue: String) -> Self {
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            runtime.block_on(work(&url, task_queue, stopped));
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for TestWorker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn work(url: &str, task_queue: String, stopped: oneshot::Receiver<()>) {
    let options = ConnectionOptions::new(Url::parse(url).unwrap()).identity("test-worker").build();
    let client =
        Client::new(Connection::connect(options).await.unwrap(), ClientOptions::new("default").build())
            .unwrap();
    let runtime = Runtime::from_current_tokio(Default::default()).unwrap();
    let options = WorkerOptions::new(task_queue)
        .register_workflow::<Echo>()
        .unwrap()
        .register_workflow::<Nothing>()
        .unwrap()
        .register_workflow::<FailingActivity>()
        .unwrap()
        .register_workflow::<Gate>()
        .unwrap()
        .register_workflow::<Again>()
        .unwrap()
        .register_workflow::<Restless>()
        .unwrap()
        .register_workflow::<Family>()
        .unwrap()
        .register_workflow::<Retrying>()
        .unwrap()
        .register_activities(Activities)
        .build();
    let mut worker = Worker::new(&runtime, client, options).unwrap();
    let shutdown = worker.shutdown_handle();
    let stop = async {
        let _ = stopped.await;
        shutdown();
    };
    let (ran, ()) = tokio::join!(worker.run(), stop);
    ran.unwrap();
}

struct Activities;

#[activities]
impl Activities {
    #[activity(name = "Shout")]
    async fn shout(_: ActivityContext, text: String) -> Result<String, ActivityError> {
        Ok(text.to_uppercase())
    }

    #[activity(name = "MoveApp")]
    async fn move_app(_: ActivityContext, app: String) -> Result<String, ActivityError> {
        let message = format!("app {app} is unknown");
        let failure = ApplicationFailure::builder(std::io::Error::other(message))
            .type_name("NoSuchApp".to_owned())
            .non_retryable(true)
            .details(json!({ "app": app }))
            .build();
        Err(ActivityError::application(failure))
    }

    /// Fails this many times.
    #[activity(name = "Fussy")]
    async fn fussy(ctx: ActivityContext, times: u32) -> Result<u32, ActivityError> {
        let attempt = ctx.info().attempt;
        if attempt > times {
            return Ok(attempt);
        }
        let message = format!("attempt {attempt} is not good enough");
        Err(ActivityError::application(ApplicationFailure::new(std::io::Error::other(message))))
    }
}

fn in_ten_seconds() -> ActivityOptions {
    ActivityOptions::start_to_close_timeout(Duration::from_secs(10))
}

/// Returns its input.
#[workflow]
#[derive(Default)]
struct Echo;

#[workflow_methods]
impl Echo {
    #[run(name = "Echo")]
    async fn run(_: &mut WorkflowContext<Self>, input: Value) -> WorkflowResult<Value> {
        Ok(json!({ "echo": input }))
    }
}

/// Completes without a result.
#[workflow]
#[derive(Default)]
struct Nothing;

#[workflow_methods]
impl Nothing {
    #[run(name = "Nothing")]
    async fn run(_: &mut WorkflowContext<Self>, _input: Value) -> WorkflowResult<()> {
        Ok(())
    }
}

/// Fails because its activity fails.
#[workflow]
#[derive(Default)]
struct FailingActivity;

#[workflow_methods]
impl FailingActivity {
    #[run(name = "FailingActivity")]
    async fn run(ctx: &mut WorkflowContext<Self>, _input: Value) -> WorkflowResult<String> {
        let moved = ctx.execute_activity(Activities::move_app, "web".to_owned(), in_ten_seconds()).await;
        Ok(moved?)
    }
}

/// Waits for the signal `open`, then returns its argument; fails on `"fail"`, and continues as new on
/// `"again"`.
#[workflow]
#[derive(Default)]
struct Gate {
    opened: Option<Value>,
    knocks: i64,
}

#[workflow_methods]
impl Gate {
    #[run(name = "Gate")]
    async fn run(ctx: &mut WorkflowContext<Self>, _input: Value) -> WorkflowResult<Value> {
        if ctx.wait_condition(|state| state.opened.is_some()).await.is_err() {
            return Err(WorkflowTermination::cancelled());
        }
        let with = ctx.state(|state| state.opened.clone()).unwrap_or_default();
        match with.as_str() {
            Some("again") => {
                ctx.continue_as_new(Value::Null, ContinueAsNewOptions::default())?;
                Ok(with)
            }
            Some("fail") => {
                let failure = ApplicationFailure::builder(std::io::Error::other("the hinge broke"))
                    .type_name("BrokenHinge".to_owned())
                    .build();
                Err(failure.into())
            }
            _ => Ok(with),
        }
    }

    #[signal(name = "open")]
    fn open(&mut self, _: &mut SyncWorkflowContext<Self>, with: Value) {
        self.opened = Some(with);
    }

    #[update_validator(knock)]
    fn validate_knock(
        &self,
        _: &WorkflowContextView,
        times: &i64,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        if *times < 0 { Err("nobody knocks less than never".into()) } else { Ok(()) }
    }

    /// Returns how often anybody has knocked.
    #[update(name = "knock")]
    fn knock(&mut self, _: &mut SyncWorkflowContext<Self>, times: i64) -> i64 {
        self.knocks += times;
        self.knocks
    }

    #[update(name = "echo")]
    fn repeat(&mut self, _: &mut SyncWorkflowContext<Self>, argument: RawValue) -> RawValue {
        argument
    }

    #[update(name = "break")]
    fn break_down(
        &mut self,
        _: &mut SyncWorkflowContext<Self>,
    ) -> Result<i64, Box<dyn std::error::Error + Send + Sync>> {
        Err("the hinge broke".into())
    }

    /// Completes when the gate is open.
    #[update(name = "await-open")]
    async fn await_open(ctx: &mut WorkflowContext<Self>) -> bool {
        ctx.wait_condition(|state| state.opened.is_some()).await.is_ok()
    }

    #[query(name = "current-state")]
    fn current_state(&self, _: &WorkflowContextView) -> Value {
        json!({ "open": self.opened.is_some() })
    }

    #[query(name = "nothing")]
    fn nothing(&self, _: &WorkflowContextView) {}

    #[query(name = "echo")]
    fn echo(&self, _: &WorkflowContextView, argument: RawValue) -> RawValue {
        argument
    }

    #[query(name = "broken")]
    fn broken(&self, _: &WorkflowContextView) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err("the hinge is missing".into())
    }
}

/// Continues as new this many times, then returns.
#[workflow]
#[derive(Default)]
struct Again;

#[workflow_methods]
impl Again {
    #[run(name = "Again")]
    async fn run(ctx: &mut WorkflowContext<Self>, times: u32) -> WorkflowResult<String> {
        if times > 0 {
            ctx.continue_as_new(times - 1, ContinueAsNewOptions::default())?;
        }
        Ok("at last".to_owned())
    }
}

/// Continues as new when it is cancelled, or fails if its input is `"fail"`.
#[workflow]
#[derive(Default)]
struct Restless;

#[workflow_methods]
impl Restless {
    #[run(name = "Restless")]
    async fn run(ctx: &mut WorkflowContext<Self>, input: Value) -> WorkflowResult<()> {
        let _cancelled = ctx.wait_condition(|_| false).await;
        if input == "fail" {
            return Err(ApplicationFailure::new(std::io::Error::other("the hinge broke")).into());
        }
        ctx.continue_as_new(Value::Null, ContinueAsNewOptions::default())?;
        Ok(())
    }
}

/// A timer, an activity, and a child that completes.
#[workflow]
#[derive(Default)]
struct Family;

#[workflow_methods]
impl Family {
    #[run(name = "Family")]
    async fn run(ctx: &mut WorkflowContext<Self>, child_id: String) -> WorkflowResult<Value> {
        ctx.timer(Duration::from_millis(10)).await;
        let shouted = ctx.execute_activity(Activities::shout, "hello".to_owned(), in_ten_seconds()).await?;
        let child = ctx
            .start_child_workflow(Echo::run, json!(shouted), ChildWorkflowOptions::workflow_id(child_id))
            .await?;
        Ok(child.result().await?)
    }
}

/// Completes when its activity has failed this many times.
#[workflow]
#[derive(Default)]
struct Retrying;

#[workflow_methods]
impl Retrying {
    #[run(name = "Retrying")]
    async fn run(ctx: &mut WorkflowContext<Self>, times: u32) -> WorkflowResult<u32> {
        // Soon at first, and then so rarely that thousands of such runs do not keep a server busy.
        let soon = RetryPolicy::builder()
            .initial_interval(Duration::from_millis(200))
            .maximum_interval(Duration::from_mins(10))
            .build();
        let retried =
            ActivityOptions::with_start_to_close_timeout(Duration::from_secs(10)).retry_policy(soon);
        Ok(ctx.execute_activity(Activities::fussy, times, retried.build()).await?)
    }
}
