//! On whose behalf activities run: the caller in the header of a start goes to all that the workflow begins.

use std::time::Duration;

use harness::TemporalServer;
use serde_json::{Value, json};
use temporal::start_header;
use temporalio_common::protos::temporal::api::common::v1::Header;
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_sdk::{
    ActivityOptions, ChildWorkflowOptions, ContinueAsNewOptions, LocalActivityOptions, WorkflowContext,
    WorkflowResult,
};
use worker_kit::testing::{TestWorker, WorkflowStartOptions, replay};
use worker_kit::{Caller, current_caller};

const SOON: Duration = Duration::from_secs(60);

struct Asked;

#[activities]
impl Asked {
    /// Returns on whose behalf it runs.
    #[activity(name = "WhoAsks")]
    async fn who_asks(_: ActivityContext, _: Value) -> Result<Value, ActivityError> {
        Ok(current_caller().map_or(Value::Null, |caller| json!([caller.name, caller.audit_id])))
    }
}

/// Asks by an activity and by a local one, by a child, and once more in a run that continues it.
#[workflow]
#[derive(Default)]
struct Asks;

#[workflow_methods]
impl Asks {
    #[run(name = "Asks")]
    async fn run(ctx: &mut WorkflowContext<Self>, mut input: Value) -> WorkflowResult<Value> {
        let options = ActivityOptions::start_to_close_timeout(SOON);
        let local = LocalActivityOptions::builder().start_to_close_timeout(SOON).build();
        let mut seen = vec![
            ctx.execute_activity(Asked::who_asks, json!(0), options).await?,
            ctx.execute_local_activity(Asked::who_asks, json!(0), local).await?,
        ];
        if input["depth"] == 0 {
            return Ok(json!(seen));
        }
        let child = ChildWorkflowOptions::workflow_id(format!("{}/child", ctx.workflow_id()));
        let child = ctx.start_child_workflow(Asks::run, json!({"depth": 0, "seen": []}), child).await?;
        seen.extend(child.result().await?.as_array().cloned().unwrap_or_default());
        if input["depth"] == 1 {
            input["seen"].as_array_mut().unwrap().extend(seen);
            return Ok(input["seen"].clone());
        }
        ctx.continue_as_new(json!({"depth": 1, "seen": seen}), ContinueAsNewOptions::default())?;
        Ok(Value::Null)
    }
}

/// Runs the workflow with this header, and returns what its activities saw. Its history replays.
async fn seen(header: Option<Header>) -> Vec<Value> {
    let server = TemporalServer::shared().await.unwrap();
    let worker = TestWorker::on(server.address(), |worker| {
        worker.register_workflow::<Asks>()?.register_activities(Asked);
        Ok(())
    });
    let worker = worker.await.unwrap();
    let mut options =
        WorkflowStartOptions::new(worker.task_queue(), format!("asks-{}", worker.task_queue())).build();
    options.header = header;
    let run = worker.run_with("Asks", json!({"depth": 2, "seen": []}), options).await.unwrap();
    let seen = run.result().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    run.record(folder.path().join("asks.json")).await.unwrap();
    replay::<Asks>(folder.path()).await.unwrap();
    seen.as_array().unwrap().clone()
}

#[tokio::test]
async fn activities_children_and_later_runs_know_the_caller_of_the_start() {
    let caller = Caller::new("Zoë", "issuer", "corp").with_audit_id("0199-ab");
    // Activity, local activity and the child's two, of both runs.
    assert_eq!(seen(start_header(Some(&caller))).await, vec![json!(["Zoë", "0199-ab"]); 8]);
}

#[tokio::test]
async fn without_a_caller_there_is_none() {
    assert_eq!(seen(None).await, vec![Value::Null; 8]);
}

#[tokio::test]
async fn a_header_that_cannot_be_read_changes_nothing() {
    let mut header = start_header(Some(&Caller::new("alice", "token", ""))).unwrap();
    header.fields.get_mut("emco-caller").unwrap().data = b"{\"name\":\"al\\u0007ice\"}".to_vec();
    assert_eq!(seen(Some(header)).await, vec![Value::Null; 8]);
}
