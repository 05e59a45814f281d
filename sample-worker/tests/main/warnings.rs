//! What goes wrong in the work is in the worker's log.

use std::time::Duration;

use emco_stand_in::{Effect, Fault};
use harness::{TemporalServer, eventually};
use serde_json::{Value, json};
use temporalio_common::RetryPolicy;
use temporalio_macros::{activity_definitions, workflow, workflow_methods};
use temporalio_sdk::activities::ActivityError;
use temporalio_sdk::{ActivityOptions, WorkflowContext, WorkflowResult};
use worker_kit::testing::TestWorker;

use crate::run::SOON;
use crate::scene::Scene;

/// A value of an argument, which no log may have.
const SECRET: &str = "4711";

/// The worker's activity with another argument, and one that it does not have.
struct Misunderstood;

#[activity_definitions]
impl Misunderstood {
    #[activity(name = "GetDigAppIntents")]
    fn get_dig_app_intents(_: String) -> Result<Value, ActivityError> {
        unimplemented!()
    }

    #[activity(name = "NoSuchActivity")]
    fn no_such_activity() -> Result<Value, ActivityError> {
        unimplemented!()
    }
}

/// Calls both on a task queue.
#[workflow]
#[derive(Default)]
struct Misled;

#[workflow_methods]
impl Misled {
    #[run(name = "Misled")]
    async fn run(ctx: &mut WorkflowContext<Self>, task_queue: String) -> WorkflowResult<()> {
        let options = || {
            ActivityOptions::with_start_to_close_timeout(Duration::from_secs(60))
                .task_queue(task_queue.clone())
                .retry_policy(RetryPolicy::builder().initial_interval(Duration::from_secs(30)).build())
                .build()
        };
        let unknown = ctx.execute_activity(Misunderstood::no_such_activity, (), options());
        ctx.execute_activity(Misunderstood::get_dig_app_intents, SECRET.to_owned(), options()).await?;
        unknown.await?;
        Ok(())
    }
}

/// Returns the warnings with this message, in order.
fn warnings(scene: &Scene, message: &str) -> Vec<Value> {
    let log = scene.worker.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .filter(|line| {
            line["level"] == "WARN" && line["message"].as_str().is_some_and(|text| text == message)
        })
        .collect()
}

/// Returns parameters with these options for all activities.
fn params(scene: &Scene, changes: &Value) -> Value {
    let mut params = scene.sample_params();
    let options = params["activityOptions"]["all-activities"].as_object_mut().unwrap();
    options.extend(changes.as_object().unwrap().clone());
    params
}

const FAILED: &str = "an attempt of an activity failed";

#[tokio::test]
async fn each_failed_attempt_is_logged() {
    let scene = Scene::new("attempts").await;
    let refused = Effect::Answer { status: 503, content_type: "text/plain", body: String::new() };
    scene.emco.fail(Fault::on("GET", "app-intents", refused).always());
    let retries =
        json!({"RetryPolicy": {"InitialInterval": "20ms", "BackoffCoefficient": 2, "MaximumAttempts": 3}});
    let run = scene.start_once("EmcoMigrateWorkflow", &params(&scene, &retries)).await;
    run.failure().await;
    let warnings = eventually(SOON, "three warnings", async || {
        let warnings = warnings(&scene, FAILED);
        if warnings.len() == 3 { Ok(warnings) } else { Err(scene.worker.log()) }
    })
    .await;
    let nexts = ["in 20ms", "in 40ms", "none: it was the last of 3 attempts"];
    for (index, (warning, next)) in warnings.iter().zip(nexts).enumerate() {
        assert_eq!(
            (&warning["activity"], &warning["kind"]),
            (&json!("GetDigAppIntents"), &json!("EmcoUnavailable"))
        );
        assert_eq!((&warning["attempt"], &warning["next"]), (&json!(index + 1), &json!(next)));
        assert!(warning["error"].as_str().unwrap().contains("503"), "{warning}");
    }
}

#[tokio::test]
async fn a_failed_workflow_is_logged_once() {
    let scene = Scene::new("runs").await;
    let run = scene.start_once("EmcoMigrateWorkflow", &json!({"activityParams": {}})).await;
    run.failure().await;
    let message = "a workflow failed";
    let warning = eventually(SOON, "a warning", async || {
        warnings(&scene, message).pop().ok_or_else(|| scene.worker.log())
    })
    .await;
    assert_eq!(
        (&warning["workflow"], &warning["kind"]),
        (&json!("EmcoMigrateWorkflow"), &json!("InvalidParams"))
    );
    // A query replays it.
    run.current_state(Default::default()).await;
    assert_eq!(warnings(&scene, message).len(), 1);
}

#[tokio::test]
async fn an_attempt_that_exceeds_its_timeout_is_logged() {
    let scene = Scene::new("timeouts").await;
    scene.emco.fail(Fault::on("GET", "app-intents", Effect::Silence).always());
    let once = json!({"StartToCloseTimeout": "1s", "RetryPolicy": {"MaximumAttempts": 1}});
    let run = scene.start_once("EmcoMigrateWorkflow", &params(&scene, &once)).await;
    run.failure().await;
    let warning = eventually(SOON, "a warning", async || {
        warnings(&scene, FAILED).pop().ok_or_else(|| scene.worker.log())
    })
    .await;
    assert!(warning["error"].as_str().unwrap().contains("exceeded its timeout"), "{warning}");
}

#[tokio::test]
async fn activities_that_cannot_begin_are_logged_whatever_the_level() {
    let temporal = TemporalServer::shared().await.unwrap();
    // The name of the activity is in a span of the SDK, which this level leaves out.
    let scene = Scene::on(temporal, "unread", &[("LOG_LEVEL", "warn")]).await;
    let register = |worker: &mut temporalio_sdk::WorkerOptions| {
        worker.register_workflow::<Misled>()?;
        Ok(())
    };
    let misleading = TestWorker::on(temporal.address(), register).await.unwrap();
    let run = misleading.run("Misled", &scene.queue).await.unwrap();

    let unread = eventually(SOON, "a warning", async || {
        let message = format!("{FAILED}: its arguments cannot be read");
        warnings(&scene, &message).pop().ok_or_else(|| scene.worker.log())
    })
    .await;
    assert_eq!((&unread["activity"], &unread["workflow_id"]), (&json!("GetDigAppIntents"), &json!(run.id())));
    assert_eq!((&unread["attempt"], &unread["next"]), (&json!(1), &json!("in 30s")), "{unread}");
    assert!(unread["error"].as_str().unwrap().contains("expected struct Dig"), "{unread}");
    let unknown = eventually(SOON, "a warning", async || {
        warnings(&scene, "an activity cannot run here").pop().ok_or_else(|| scene.worker.log())
    })
    .await;
    assert!(unknown["error"].as_str().unwrap().contains("NoSuchActivity is not registered"), "{unknown}");
    assert!(!scene.worker.log().contains(SECRET), "{}", scene.worker.log());
    run.handle().terminate(Default::default()).await.unwrap();
}
