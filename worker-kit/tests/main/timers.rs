//! Timers of workflows in tests.

use std::time::Duration;

use harness::TemporalServer;
use serde_json::{Value, json};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{WorkflowContext, WorkflowResult};
use worker_kit::testing::{TestWorker, shorten_timers};

const DAY: Duration = Duration::from_secs(86_400);

/// Waits for a day, and for half a day. Returns which ends first, and how many seconds its clock has moved.
#[workflow]
#[derive(Default)]
struct Waits;

#[workflow_methods]
impl Waits {
    #[run(name = "Waits")]
    async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<Value> {
        let begun = ctx.workflow_time();
        let (mut day, mut half) = (ctx.timer(DAY), ctx.timer(DAY / 2));
        let first = temporalio_sdk::workflows::select! {
            _ = day => "day",
            _ = half => "half",
        };
        ctx.timer(DAY).await;
        let moved =
            ctx.workflow_time().zip(begun).map(|(now, begun)| now.duration_since(begun).unwrap_or_default());
        Ok(json!({"first": first, "seconds": moved.unwrap_or_default().as_secs()}))
    }
}

#[tokio::test]
async fn a_day_passes_in_seconds() {
    let server = TemporalServer::shared().await.unwrap();
    let worker = TestWorker::on(server.address(), |worker| {
        // Half a day is a second: timers that end closer to each other can reach the workflow together.
        shorten_timers(worker, 43_200);
        worker.register_workflow::<Waits>()?;
        Ok(())
    });
    let worker = worker.await.unwrap();
    let run = worker.run("Waits", Value::Null).await.unwrap();
    let result = run.result().await.unwrap();
    // The order stays, and the workflow's clock does not move.
    assert_eq!(result["first"], "half");
    assert!((1..60).contains(&result["seconds"].as_u64().unwrap()), "{result}");
}
