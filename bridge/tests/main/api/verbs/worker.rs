//! A real worker in the test process, with workflows that accept signals, queries and updates.

use std::time::Duration;

use serde_json::{Value, json};
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, Url};
use temporalio_common::error::ApplicationFailure;
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_sdk::{
    ActivityOptions, ChildWorkflowCancellationType, ChildWorkflowOptions, Runtime, SyncWorkflowContext,
    Worker, WorkerOptions, WorkflowCancellationToken, WorkflowContext, WorkflowContextView, WorkflowResult,
    WorkflowTermination,
};

/// Starts a worker that runs until the process ends.
pub(super) fn start(url: String, task_queue: String) {
    // The SDK's worker cannot move between threads.
    std::thread::spawn(move || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(work(&url, task_queue));
    });
}

async fn work(url: &str, task_queue: String) {
    let options = ConnectionOptions::new(Url::parse(url).unwrap()).identity("verbs-worker").build();
    let connection = Connection::connect(options).await.unwrap();
    let client = Client::new(connection, ClientOptions::new("default").build()).unwrap();
    let runtime = Runtime::from_current_tokio(Default::default()).unwrap();
    let options = WorkerOptions::new(task_queue)
        .register_workflow::<Obedient>()
        .unwrap()
        .register_workflow::<Stubborn>()
        .unwrap()
        .register_workflow::<Parent>()
        .unwrap()
        .register_workflow::<Doomed>()
        .unwrap()
        .register_activities(Activities)
        .build();
    let mut worker = Worker::new(&runtime, client, options).unwrap();
    // It ends with the process; its result is ignored.
    let _ = worker.run().await;
}

struct Activities;

#[activities]
impl Activities {
    /// Fails once, then sends heartbeats forever.
    #[activity(name = "Toil")]
    async fn toil(ctx: ActivityContext) -> Result<(), ActivityError> {
        if ctx.info().attempt == 1 {
            return Err(anyhow::anyhow!("the cluster is away").into());
        }
        ctx.record_heartbeat(1).await?;
        std::future::pending().await
    }
}

/// Follows its signals and updates, and ends when it is cancelled.
#[workflow]
#[derive(Default)]
struct Obedient {
    level: i64,
    done: bool,
}

#[workflow_methods]
impl Obedient {
    #[run(name = "Obedient")]
    async fn run(ctx: &mut WorkflowContext<Self>, _input: Value) -> WorkflowResult<i64> {
        if ctx.wait_condition(|state| state.done).await.is_err() {
            return Err(WorkflowTermination::cancelled());
        }
        Ok(ctx.state(|state| state.level))
    }

    #[signal(name = "raise")]
    fn raise(&mut self, _: &mut SyncWorkflowContext<Self>, by: i64) {
        self.level += by;
    }

    #[signal(name = "finish")]
    fn finish(&mut self, _: &mut SyncWorkflowContext<Self>) {
        self.done = true;
    }

    #[query(name = "level")]
    fn level(&self, _: &WorkflowContextView) -> i64 {
        self.level
    }

    #[query(name = "sum")]
    fn sum(&self, _: &WorkflowContextView, addend: i64) -> Value {
        json!({ "sum": self.level + addend })
    }

    #[update_validator(set)]
    fn validate_set(
        &self,
        _: &WorkflowContextView,
        level: &i64,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        if *level < 0 { Err("levels are not negative".into()) } else { Ok(()) }
    }

    #[update(name = "set")]
    fn set(&mut self, _: &mut SyncWorkflowContext<Self>, level: i64) -> i64 {
        std::mem::replace(&mut self.level, level)
    }

    #[update(name = "break")]
    fn break_down(
        &mut self,
        _: &mut SyncWorkflowContext<Self>,
    ) -> Result<i64, Box<dyn std::error::Error + Send + Sync>> {
        Err("the lever broke".into())
    }

    /// Waits until the level is high enough.
    #[update(name = "await-level")]
    async fn await_level(ctx: &mut WorkflowContext<Self>, level: i64) -> i64 {
        let _ = ctx.wait_condition(|state| state.level >= level).await;
        ctx.state(|state| state.level)
    }
}

/// Ignores its cancellation.
#[workflow]
#[derive(Default)]
struct Stubborn;

#[workflow_methods]
impl Stubborn {
    #[run(name = "Stubborn")]
    async fn run(ctx: &mut WorkflowContext<Self>, _input: Value) -> WorkflowResult<()> {
        let deaf = ActivityOptions::with_start_to_close_timeout(Duration::from_secs(600))
            .cancellation_token(WorkflowCancellationToken::new())
            .build();
        ctx.execute_activity(Activities::toil, (), deaf).await?;
        Ok(())
    }
}

/// Waits for a child that ignores its cancellation.
#[workflow]
#[derive(Default)]
struct Parent;

#[workflow_methods]
impl Parent {
    #[run(name = "Parent")]
    async fn run(ctx: &mut WorkflowContext<Self>, input: Value) -> WorkflowResult<()> {
        let options = ChildWorkflowOptions::builder()
            .workflow_id(format!("{}/child", ctx.workflow_id()))
            .cancel_type(ChildWorkflowCancellationType::WaitCancellationCompleted)
            .build();
        ctx.start_child_workflow(Stubborn::run, input, options).await?.result().await?;
        Ok(())
    }
}

/// Fails.
#[workflow]
#[derive(Default)]
struct Doomed;

#[workflow_methods]
impl Doomed {
    #[run(name = "Doomed")]
    async fn run(_ctx: &mut WorkflowContext<Self>, _input: Value) -> WorkflowResult<()> {
        Err(ApplicationFailure::builder(std::io::Error::other("no cluster has room")).build().into())
    }
}
