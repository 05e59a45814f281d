//! Workflows that fail or are cancelled, and undo what they did.

use harness::{TemporalServer, eventually};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use temporalio_common::data_converters::RawValue;
use temporalio_common::error::ApplicationFailure;
use temporalio_common::protos::temporal::api::history::v1::History;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_sdk::workflow_replayer::{WorkflowReplayer, WorkflowReplayerOptions};
use temporalio_sdk::{WorkerOptions, WorkflowContext, WorkflowContextView, WorkflowResult};
use worker_kit::testing::{Ended, TestRun, TestWorker};
use worker_kit::{ActivityPlan, Params, Progress, RegisterError, Steps, heartbeating};

use crate::scene::{SOON, events};

struct Acts;

#[activities]
impl Acts {
    /// Does what its input chooses.
    #[activity(name = "Do")]
    async fn act(ctx: ActivityContext, step: String) -> Result<(), ActivityError> {
        heartbeating(&ctx, async {
            match step.as_str() {
                "breaks" => failure("Broken", true),
                "fails" => failure("Weak", false),
                "lasts" => std::future::pending().await,
                _ => Ok(()),
            }
        })
        .await
    }

    #[activity(name = "Undo")]
    async fn undo(_ctx: ActivityContext, step: String) -> Result<(), ActivityError> {
        if step == "sticks" { failure("Stuck", true) } else { Ok(()) }
    }
}

fn failure(kind: &str, non_retryable: bool) -> Result<(), ActivityError> {
    let failure = ApplicationFailure::builder(kind.to_lowercase()).type_name(kind.to_owned());
    Err(ActivityError::application(failure.non_retryable(non_retryable).build()))
}

#[derive(Deserialize, JsonSchema)]
struct Work {
    steps: Vec<String>,
    /// Whether all steps are undone together.
    at_once: Option<bool>,
}

/// Does its steps. Each has its own undo, which has its name.
#[workflow]
#[derive(Default)]
struct Undoable {
    progress: Progress,
}

#[workflow_methods]
impl Undoable {
    #[run(name = "Undoable")]
    async fn run(ctx: &mut WorkflowContext<Self>, input: RawValue) -> WorkflowResult<String> {
        let params = worker_kit::params(&input)?;
        let plan = ActivityPlan::new(&params, &[&Acts::act, &Acts::undo])?;
        let Params(work): Params<Work> = Params::for_all(&params)?;
        let steps = Steps::new(ctx, plan, |workflow: &mut Self| &mut workflow.progress).of(work.steps.len());
        steps
            .finish(async |steps| {
                if work.at_once == Some(true) {
                    let all = work.steps.clone();
                    steps.undo("everything", async move |steps: &Steps<Self>| {
                        for step in all {
                            steps.run(Acts::undo, step).await?;
                        }
                        Ok(())
                    });
                }
                for step in work.steps {
                    if work.at_once.is_none() {
                        steps.undo_with(Acts::undo, step.clone());
                    }
                    steps.run(Acts::act, step).await?;
                }
                Ok("done".to_owned())
            })
            .await
    }

    #[query(name = "current-state")]
    fn current_state(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> String {
        self.progress.current_state()
    }

    #[query(name = "progress")]
    fn progress(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> Progress {
        self.progress.clone()
    }
}

pub(crate) fn register(worker: &mut WorkerOptions) -> Result<(), RegisterError> {
    worker.register_workflow::<Undoable>()?.register_activities(Acts);
    Ok(())
}

async fn worker() -> TestWorker {
    let server = TemporalServer::shared().await.unwrap();
    TestWorker::on(server.address(), register).await.unwrap()
}

async fn start(worker: &TestWorker, steps: &str, more: Value) -> TestRun {
    let mut all = json!({ "steps": steps });
    all.as_object_mut().unwrap().extend(more["params"].as_object().cloned().unwrap_or_default());
    let params = json!({
        "activityOptions": {"all-activities": more["options"]},
        "activityParams": {"all-activities": all},
    });
    // As in EMCO's sample intent.
    let retry = temporalio_common::RetryPolicy::builder().maximum_attempts(2).build();
    let id = format!("undoable-{}", harness::free_port());
    let options =
        temporalio_client::WorkflowStartOptions::new(worker.task_queue(), id).retry_policy(retry).build();
    worker.run_with("Undoable", params, options).await.unwrap()
}

/// Waits until its n-th step is running.
async fn reaches(run: &TestRun, index: usize) {
    eventually(SOON, "the step runs", async || {
        let progress = run.query("progress").await.unwrap();
        if progress["index"] == index { Ok(()) } else { Err(progress) }
    })
    .await;
}

/// Returns the inputs of the activities of this name, in order.
async fn inputs(run: &TestRun, activity: &str) -> Vec<Value> {
    let scheduled = events(run.handle()).await.into_iter().filter_map(|event| match event {
        Attributes::ActivityTaskScheduledEventAttributes(scheduled) => Some(scheduled),
        _ => None,
    });
    let of = scheduled.filter(|scheduled| scheduled.activity_type.as_ref().unwrap().name == activity);
    of.map(|scheduled| serde_json::from_slice(&scheduled.input.unwrap().payloads[0].data).unwrap()).collect()
}

async fn replays(run: &TestRun) {
    let events = run.handle().fetch_history(Default::default()).into_events().await.unwrap();
    let options = WorkflowReplayerOptions::new().register_workflow::<Undoable>().unwrap().build();
    let history = History { events }.into();
    WorkflowReplayer::new(options).unwrap().replay_workflow(history).await.unwrap();
}

#[tokio::test]
async fn a_workflow_that_completes_undoes_nothing() {
    let worker = worker().await;
    let run = start(&worker, "a, b", json!({})).await;
    assert_eq!(run.result().await.unwrap(), "done");
    assert_eq!(inputs(&run, "Undo").await, Vec::<Value>::new());
    let progress = run.query("progress").await.unwrap();
    assert_eq!(
        (&progress["state"], &progress["step"], &progress["index"], &progress["of"]),
        (&json!("completed"), &json!("Do"), &json!(2), &json!(2))
    );
}

#[tokio::test]
async fn a_failure_undoes_all_in_reverse_and_reports_it() {
    let worker = worker().await;
    let run = start(&worker, "a, b, breaks", json!({})).await;
    let failure = run.failure().await.unwrap();
    assert_eq!((failure.kind.as_str(), failure.non_retryable), ("Broken", true));
    assert_eq!(failure.message, "Do failed: broken; undone: Undo, Undo, Undo");
    assert_eq!(failure.details, json!({"undone": ["Undo", "Undo", "Undo"], "notUndone": []}));
    let causes: Vec<_> = failure.chain().skip(1).map(|cause| cause.kind.as_str()).collect();
    assert_eq!(causes, ["Broken", "", "Broken"], "{failure}");
    assert_eq!(inputs(&run, "Undo").await, ["breaks", "b", "a"]);
    let progress = run.query("progress").await.unwrap();
    assert_eq!((&progress["state"], &progress["lastError"]), (&json!("failed"), &json!("Do failed: broken")));
    assert_eq!(run.query("current-state").await.unwrap(), "Undo");
    replays(&run).await;
}

#[tokio::test]
async fn a_cancelled_workflow_undoes_what_it_did() {
    let worker = worker().await;
    let run = start(&worker, "a, lasts", json!({"options": {"heartbeatTimeout": "5s"}})).await;
    reaches(&run, 2).await;
    run.cancel().await.unwrap();
    let details = json!({"undone": ["Undo", "Undo"], "notUndone": []});
    assert_eq!(run.result().await, Err(Ended::Cancelled(details)));
    assert_eq!(inputs(&run, "Undo").await, ["lasts", "a"]);
    assert_eq!(run.query("progress").await.unwrap()["state"], "cancelled");

    // The step had ended before it was undone.
    let events = events(run.handle()).await;
    let ended = |event: &Attributes| matches!(event, Attributes::ActivityTaskCanceledEventAttributes(_));
    let undone = |event: &Attributes| {
        matches!(event, Attributes::ActivityTaskScheduledEventAttributes(scheduled)
            if scheduled.activity_type.as_ref().unwrap().name == "Undo")
    };
    assert!(events.iter().position(ended).unwrap() < events.iter().position(undone).unwrap());
    replays(&run).await;
}

#[tokio::test]
async fn a_step_that_times_out_is_undone_and_the_workflow_retried() {
    let worker = worker().await;
    let options = json!({"startToCloseTimeout": "1s", "retryPolicy": {"maximumAttempts": 1}});
    let run = start(&worker, "a, lasts", json!({"options": options, "params": {"at_once": "true"}})).await;
    let failure = run.failure().await.unwrap();
    assert_eq!(failure.message, "Do timed out (StartToClose); undone: everything");
    assert!(!failure.non_retryable);
    let latest = worker.client().get_workflow_handle::<temporalio_client::UntypedWorkflow>(run.id());
    let query = latest.query(
        temporalio_client::UntypedQuery::new("progress"),
        RawValue::default(),
        Default::default(),
    );
    let progress: Value = serde_json::from_slice(&query.await.unwrap().payloads[0].data).unwrap();
    assert_eq!(progress["attempt"], 2, "{progress}");
    assert_eq!((&progress["index"], &progress["of"]), (&json!(1), &json!(1)), "{progress}");
}

#[tokio::test]
async fn a_failed_undo_is_reported_and_prevents_retries() {
    let worker = worker().await;
    let options = json!({"retryPolicy": {"maximumAttempts": 1}});
    let run = start(&worker, "a, sticks, fails", json!({ "options": options })).await;
    let failure = run.failure().await.unwrap();
    assert_eq!(
        failure.message,
        "Do failed: weak; undone: Undo, Undo; could not be undone: Undo (Undo failed: stuck)"
    );
    assert_eq!((failure.kind.as_str(), failure.non_retryable), ("Weak", true));
    let not_undone = json!([{"name": "Undo", "error": "Undo failed: stuck"}]);
    assert_eq!(failure.details, json!({"undone": ["Undo", "Undo"], "notUndone": not_undone}));
    assert_eq!(inputs(&run, "Undo").await, ["fails", "sticks", "a"]);
}

#[tokio::test]
async fn a_cancelled_workflow_that_cannot_undo_fails() {
    let worker = worker().await;
    let run = start(&worker, "sticks, lasts", json!({"options": {"heartbeatTimeout": "5s"}})).await;
    reaches(&run, 2).await;
    run.cancel().await.unwrap();
    let failure = run.failure().await.unwrap();
    assert_eq!((failure.kind.as_str(), failure.non_retryable), ("NotUndone", true));
    assert_eq!(failure.message, "cancelled; undone: Undo; could not be undone: Undo (Undo failed: stuck)");
    assert!(failure.chain().any(|cause| cause.kind == "Stuck"), "{failure:?}");
    assert_eq!(run.query("progress").await.unwrap()["state"], "failed");
    replays(&run).await;
}

#[tokio::test]
async fn progress_is_answered_to_temporals_own_command_line() {
    let (worker, server) = (worker().await, TemporalServer::shared().await.unwrap());
    let run = start(&worker, "a, lasts", json!({"options": {"heartbeatTimeout": "5s"}})).await;
    reaches(&run, 2).await;
    let ask = ["workflow", "query", "--workflow-id", run.id(), "--type", "progress"];
    let answer = server.cli(&ask).await.unwrap();
    let progress = &answer["queryResult"][0];
    let progress = if progress.is_null() { &answer["queryResult"] } else { progress };
    assert_eq!((&progress["step"], &progress["state"]), (&json!("Do"), &json!("running")), "{answer}");
    assert_eq!((&progress["index"], &progress["of"]), (&json!(2), &json!(2)), "{answer}");

    // The workflow's time, exactly as in the history.
    let events = run.handle().fetch_history(Default::default()).into_events().await.unwrap();
    let times: Vec<Value> = events
        .iter()
        .filter(|event| matches!(event.attributes, Some(Attributes::WorkflowTaskStartedEventAttributes(_))))
        .map(|event| {
            let time = event.event_time.unwrap();
            json!(jiff::Timestamp::new(time.seconds, time.nanos).unwrap())
        })
        .collect();
    assert!(times.contains(&progress["since"]), "{progress} {times:?}");
    run.cancel().await.unwrap();
    run.result().await.unwrap_err();
}
