//! The worker goes on when its credentials for Temporal are replaced.

use std::cell::Cell;

use harness::{Guard, TemporalServer, eventually, under_load};
use serde_json::json;

use crate::run::SOON;
use crate::scene::Scene;

/// Tasks that are done from before a change until after it. One that comes while a connection is cut off takes
/// seconds.
const TASKS: usize = 3;

#[tokio::test]
async fn a_worker_takes_each_new_credential_without_a_restart() {
    let temporal = TemporalServer::shared().await.unwrap();
    let mut guard = Guard::start(temporal.address()).await.unwrap();
    let variables = guard.variables();
    let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let scene = Scene::on(temporal, "rotation", &variables).await;
    let mut params = scene.sample_params();
    params["activityParams"]["all-activities"]["dryRun"] = json!("true");
    let done = Cell::new(0);
    let refusal = async || {
        // One short task, whichever connection it comes over.
        let failure = scene.start_once("EmcoMigrateWorkflow", &json!({})).await.failure().await;
        assert!(failure.non_retryable, "{failure:?}");
        done.set(done.get() + 1);
    };
    for _ in 0..3 {
        done.set(0);
        let change = async {
            guard.rotate().await.unwrap();
            let enough = async || (done.get() >= TASKS).then_some(());
            eventually(SOON, "tasks are done", enough).await;
        };
        Box::pin(under_load(refusal, change)).await;
        let result = scene.start_once("EmcoMigrateWorkflow", &params).await.result().await;
        assert!(result["Plan"].is_array(), "{result}");
    }
    assert!(!scene.worker.log().contains("the worker is not working"), "{}", scene.worker.log());
}
