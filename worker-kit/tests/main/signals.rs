//! What is sent to a running workflow with arguments that it does not expect.

use std::fs;
use std::sync::Mutex;

use harness::{TemporalServer, eventually};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use temporalio_client::{
    UntypedQuery, UntypedSignal, UntypedUpdate, WorkflowExecuteUpdateOptions, WorkflowQueryOptions,
    WorkflowSignalOptions, WorkflowTerminateOptions,
};
use temporalio_common::data_converters::{PayloadConverter, RawValue};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult};
use worker_kit::testing::{TestRun, TestWorker};
use worker_kit::{ActivityPlan, Progress, SignalArgument, Steps};

use crate::scene::{SOON, describe};

const STOP: &str = "stop";

#[derive(Deserialize, JsonSchema)]
struct Stop {
    reason: String,
}

/// Waits for a signal.
#[workflow]
#[derive(Default)]
struct Waiting {
    progress: Progress,
    reason: Option<String>,
}

#[workflow_methods]
impl Waiting {
    #[run(name = "Waiting")]
    async fn run(ctx: &mut WorkflowContext<Self>, input: RawValue) -> WorkflowResult<String> {
        let plan = ActivityPlan::new(&worker_kit::params(&input)?, &[])?;
        let steps = Steps::new(ctx, plan, |workflow: &mut Self| &mut workflow.progress);
        let ctx = ctx.clone();
        steps
            .finish(async |_| {
                let _cancelled = ctx.wait_condition(|workflow| workflow.reason.is_some()).await;
                Ok(ctx.state_mut(|workflow| workflow.reason.take().unwrap_or_default()))
            })
            .await
    }

    #[signal(name = STOP)]
    fn stop(&mut self, ctx: &mut SyncWorkflowContext<Self>, argument: SignalArgument<Stop>) {
        self.reason = self.progress.received(ctx, STOP, argument).map(|stop| stop.reason);
    }

    /// Takes an optional argument.
    #[signal(name = "halt")]
    fn halt(&mut self, ctx: &mut SyncWorkflowContext<Self>, argument: SignalArgument<Option<Stop>>) {
        let received = self.progress.received(ctx, "halt", argument);
        self.reason = received.map(|stop| stop.map_or_else(|| "halted".to_owned(), |stop| stop.reason));
    }

    /// Takes the argument as the SDK reads it.
    #[signal(name = "plain")]
    fn plain(&mut self, _ctx: &mut SyncWorkflowContext<Self>, reason: String) {
        self.reason = Some(reason);
    }

    #[update(name = "rename")]
    fn rename(&mut self, _ctx: &mut SyncWorkflowContext<Self>, name: u8) -> u8 {
        name
    }

    #[query(name = "double")]
    fn double(&self, _ctx: &WorkflowContextView, number: u8) -> u8 {
        number * 2
    }

    #[query(name = "progress")]
    fn progress(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> Progress {
        self.progress.clone()
    }
}

async fn worker() -> TestWorker {
    let server = TemporalServer::shared().await.unwrap();
    let register = |worker: &mut temporalio_sdk::WorkerOptions| {
        worker.register_workflow::<Waiting>()?;
        Ok(())
    };
    TestWorker::on(server.address(), register).await.unwrap()
}

fn raw(args: &[Value]) -> RawValue {
    let payload = |arg| RawValue::from_value(arg, &PayloadConverter::default()).payloads.remove(0);
    RawValue::new(args.iter().map(payload).collect())
}

async fn signal(run: &TestRun, name: &str, args: &[Value]) {
    let sent = run.handle().signal(UntypedSignal::new(name), raw(args), WorkflowSignalOptions::default());
    sent.await.unwrap();
}

#[tokio::test]
async fn a_signal_of_another_type_leaves_the_workflow_running_and_its_faults_in_the_progress() {
    let worker = worker().await;
    let run = worker.run("Waiting", json!({})).await.unwrap();
    for (args, path, message) in [
        (vec![json!({"reason": 5_723_911})], "$.reason", "must be a text"),
        (vec![json!({})], "$.reason", "is missing"),
        (vec![json!([5_723_911])], "$", "must be a JSON object"),
        (vec![], "$", "is missing"),
        (vec![json!(1), json!(2)], "$", "the signal takes one argument, not 2"),
    ] {
        signal(&run, STOP, &args).await;
        let refused = run.query("progress").await.unwrap()["refusedSignal"].clone();
        assert_eq!(refused["signal"], STOP);
        assert_eq!(refused["faults"], json!([{"path": path, "message": message}]));
        assert!(refused["at"].is_string(), "{refused}");
    }
    signal(&run, STOP, &[json!({"reason": "enough"})]).await;
    assert_eq!(run.result().await.unwrap(), "enough");
}

#[tokio::test]
async fn a_refused_signal_is_logged_once() {
    // Of the whole process, since the worker has a thread of its own.
    let log = tempfile::NamedTempFile::new().unwrap();
    tracing_subscriber::fmt().with_writer(Mutex::new(log.reopen().unwrap())).init();
    let worker = worker().await;
    let run = worker.run("Waiting", json!({})).await.unwrap();
    signal(&run, STOP, &[json!({})]).await;
    signal(&run, STOP, &[json!({"reason": "enough"})]).await;
    assert_eq!(run.result().await.unwrap(), "enough");
    // A query of a run that has ended replays it.
    assert_eq!(run.query("progress").await.unwrap()["refusedSignal"]["signal"], STOP);
    let log = fs::read_to_string(log.path()).unwrap();
    let warnings =
        log.lines().filter(|line| line.contains("a signal has no effect") && line.contains(run.id()));
    assert_eq!(warnings.count(), 1, "{log}");
}

#[tokio::test]
async fn an_argument_of_an_optional_type_may_be_left_out() {
    let worker = worker().await;
    for (args, result) in
        [(vec![], "halted"), (vec![Value::Null], "halted"), (vec![json!({"reason": "r"})], "r")]
    {
        let run = worker.run("Waiting", json!({})).await.unwrap();
        signal(&run, "halt", &args).await;
        assert_eq!(run.result().await.unwrap(), result);
    }
}

/// The reason for `SignalArgument`. If this fails after an update of the SDK, that type may be superfluous.
#[tokio::test]
async fn without_the_kits_type_such_a_signal_makes_the_workflow_task_fail_for_ever() {
    let worker = worker().await;
    let run = worker.run("Waiting", json!({})).await.unwrap();
    signal(&run, "plain", &[json!({"a": 1})]).await;
    eventually(SOON, "the workflow task is retried", async || {
        let pending = describe(run.handle()).await.pending_workflow_task;
        pending.is_some_and(|task| task.attempt > 2)
    })
    .await;
    run.handle().terminate(WorkflowTerminateOptions::default()).await.unwrap();
}

#[tokio::test]
async fn updates_and_queries_of_other_types_are_refused_and_change_nothing() {
    let worker = worker().await;
    let run = worker.run("Waiting", json!({})).await.unwrap();
    let update = |arg: Value| {
        let options = WorkflowExecuteUpdateOptions::default();
        run.handle().execute_update(UntypedUpdate::new("rename"), raw(&[arg]), options)
    };
    let query = |arg: Value| {
        run.handle().query(UntypedQuery::new("double"), raw(&[arg]), WorkflowQueryOptions::default())
    };
    update(json!("one")).await.unwrap_err();
    query(json!("one")).await.unwrap_err();
    update(json!(1)).await.unwrap();
    query(json!(1)).await.unwrap();
    signal(&run, STOP, &[json!({"reason": "enough"})]).await;
    assert_eq!(run.result().await.unwrap(), "enough");
}
