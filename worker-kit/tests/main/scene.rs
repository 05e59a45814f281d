//! A worker in the process of the test, with one activity whose behaviour the input chooses, and workflows that call
//! it.

use std::time::Duration;

use harness::TemporalServer;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use temporalio_client::errors::WorkflowGetResultError;
use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions, UntypedQuery, UntypedWorkflow, Url,
    WorkflowCancelOptions, WorkflowDescribeOptions, WorkflowFetchHistoryOptions, WorkflowGetResultOptions,
    WorkflowHandle, WorkflowQueryOptions, WorkflowStartOptions,
};
use temporalio_common::data_converters::{PayloadConverter, RawValue};
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeWorkflowExecutionResponse;
use temporalio_macros::{activities, activity_definitions, workflow, workflow_methods};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_sdk::{
    ActivityCloseTimeouts, ActivityOptions, Runtime, Worker, WorkerOptions, WorkflowContext,
    WorkflowContextView, WorkflowResult,
};
use worker_kit::{ActivityPlan, Params, Progress, Steps, heartbeating, non_retryable, retryable};

/// How long to wait for an event, on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(60);

pub(crate) struct Activities;

#[activities]
impl Activities {
    /// Does what its input chooses.
    #[activity(name = "Work")]
    pub(crate) async fn work(ctx: ActivityContext, conduct: String) -> Result<String, ActivityError> {
        heartbeating(&ctx, async {
            match conduct.as_str() {
                "lasts" => std::future::pending().await,
                "fails for good" => Err(non_retryable("Broken", "broken").into()),
                "fails" => Err(retryable("Broken", "broken").into()),
                _ => Ok(conduct.clone()),
            }
        })
        .await
    }
}

/// The activity, with a wrong result type.
struct Misunderstood;

#[activity_definitions]
impl Misunderstood {
    #[activity(name = "Work")]
    fn work(_: String) -> Result<u32, ActivityError> {
        unimplemented!()
    }
}

/// The activity's parameters.
#[derive(Deserialize, JsonSchema)]
struct Work {
    conduct: String,
}

/// Calls the activity with the plan of its parameters.
#[workflow]
#[derive(Default)]
pub(crate) struct Planned {
    progress: Progress,
}

#[workflow_methods]
impl Planned {
    #[run(name = "Planned")]
    pub(crate) async fn run(ctx: &mut WorkflowContext<Self>, input: RawValue) -> WorkflowResult<String> {
        let params = worker_kit::params(&input)?;
        let plan = ActivityPlan::new(&params, &[&Activities::work])?;
        let Params(Work { conduct }) = Params::of(&params, "Work")?;
        let steps = Steps::new(ctx, plan, |workflow: &mut Self| &mut workflow.progress);
        steps
            .finish(async |steps| {
                if conduct == "is misunderstood" {
                    steps.run(Misunderstood::work, conduct.clone()).await?;
                }
                let own_options = |options: &mut ActivityOptions| {
                    options.close_timeouts = ActivityCloseTimeouts::StartToClose(Duration::from_secs(7));
                    options.summary = Some("a summary".to_owned());
                };
                if conduct == "has its own options" {
                    steps.with(own_options).run(Activities::work, conduct.clone()).await?;
                }
                steps.run(Activities::work, conduct).await
            })
            .await
    }

    #[query(name = "current-state")]
    pub(crate) fn current_state(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> String {
        self.progress.current_state()
    }

    #[query(name = "progress")]
    pub(crate) fn progress(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> Progress {
        self.progress.clone()
    }
}

/// Calls the activity without the kit. The input has the behaviour, and the SDK's options in milliseconds.
#[workflow]
#[derive(Default)]
pub(crate) struct Unplanned;

#[workflow_methods]
impl Unplanned {
    #[run(name = "Unplanned")]
    pub(crate) async fn run(ctx: &mut WorkflowContext<Self>, input: Value) -> WorkflowResult<String> {
        let milliseconds = |name: &str| input[name].as_u64().map(Duration::from_millis);
        let mut policy = temporalio_common::RetryPolicy::default();
        policy.set_maximum_interval(milliseconds("maximumInterval"));
        policy.set_backoff_coefficient(input["backoffCoefficient"].as_f64().unwrap_or(2.0));
        policy.set_maximum_attempts(input["maximumAttempts"].as_u64().unwrap_or(0).try_into().unwrap());
        let options = ActivityOptions::with_start_to_close_timeout(Duration::from_secs(60))
            .maybe_heartbeat_timeout(milliseconds("heartbeatTimeout"))
            .retry_policy(policy)
            .build();
        let conduct = input["conduct"].as_str().unwrap_or_default().to_owned();
        Ok(ctx.execute_activity(Activities::work, conduct, options).await?)
    }
}

/// A started workflow.
pub(crate) type Handle = WorkflowHandle<Client, UntypedWorkflow>;

/// Runs `test` with a worker that serves the task queue `name` beside it.
pub(crate) async fn with_worker(name: &str, test: impl AsyncFnOnce(Scene)) {
    let scene = Scene::new(name).await;
    let runtime = Runtime::from_current_tokio(Default::default()).unwrap();
    let mut worker = Worker::new(&runtime, scene.client.clone(), scene.options()).unwrap();
    let stop = worker.shutdown_handle();
    let (ended, ()) = tokio::join!(worker.run(), async {
        test(scene).await;
        stop();
    });
    ended.unwrap();
}

pub(crate) struct Scene {
    client: Client,
    queue: String,
}

impl Scene {
    /// A task queue without a worker.
    pub(crate) async fn new(name: &str) -> Self {
        let server = TemporalServer::shared().await.unwrap();
        let options = ConnectionOptions::new(Url::parse(&server.url()).unwrap()).identity("test").build();
        let connection = Connection::connect(options).await.unwrap();
        let client = Client::new(connection, ClientOptions::new("default").build()).unwrap();
        Self { client, queue: format!("{name}-{}", std::process::id()) }
    }

    /// The options of a worker for the task queue.
    pub(crate) fn options(&self) -> WorkerOptions {
        let mut options = WorkerOptions::new(&self.queue).build();
        options.register_activities(Activities);
        options.register_workflow::<Planned>().unwrap().register_workflow::<Unplanned>().unwrap();
        options
    }

    pub(crate) async fn planned(&self, conduct: &str, options: Value) -> Handle {
        self.start(
            "Planned",
            json!({
                "activityOptions": {"all-activities": options},
                "activityParams": {"Work": {"conduct": conduct}},
            }),
        )
        .await
    }

    pub(crate) async fn unplanned(&self, conduct: &str, mut options: Value) -> Handle {
        options["conduct"] = json!(conduct);
        self.start("Unplanned", options).await
    }

    async fn start(&self, workflow: &str, input: Value) -> Handle {
        let id = format!("{}-{}", self.queue, harness::free_port());
        let input = RawValue::from_value(&input, &PayloadConverter::default());
        let retry = temporalio_common::RetryPolicy::builder().maximum_attempts(2).build();
        let options = WorkflowStartOptions::new(&self.queue, id).retry_policy(retry).build();
        self.client.start_workflow(UntypedWorkflow::new(workflow), input, options).await.unwrap()
    }
}

pub(crate) async fn end(handle: &Handle) -> Result<Value, WorkflowGetResultError> {
    let end = handle.get_result(WorkflowGetResultOptions::default());
    let raw = tokio::time::timeout(SOON, end).await.expect("the workflow ends in time")?;
    Ok(serde_json::from_slice(&raw.payloads[0].data).unwrap())
}

pub(crate) async fn state(handle: &Handle) -> Value {
    let query = handle.query(
        UntypedQuery::new("current-state"),
        RawValue::default(),
        WorkflowQueryOptions::default(),
    );
    serde_json::from_slice(&query.await.unwrap().payloads[0].data).unwrap()
}

pub(crate) async fn cancel(handle: &Handle) {
    handle.cancel(WorkflowCancelOptions::default()).await.unwrap();
}

pub(crate) async fn describe(handle: &Handle) -> DescribeWorkflowExecutionResponse {
    handle.describe(WorkflowDescribeOptions::default()).await.unwrap().into_raw()
}

/// Returns the events.
pub(crate) async fn events(handle: &Handle) -> Vec<Attributes> {
    let history = handle.fetch_history(WorkflowFetchHistoryOptions::default());
    history.into_events().await.unwrap().into_iter().filter_map(|event| event.attributes).collect()
}
