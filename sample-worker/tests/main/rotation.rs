//! The worker goes on when its credentials for Temporal are replaced.

use harness::{Guard, TemporalServer, under_load};
use serde_json::json;

use crate::scene::Scene;

#[tokio::test]
async fn a_worker_takes_each_new_credential_without_a_restart() {
    let temporal = TemporalServer::shared().await.unwrap();
    let mut guard = Guard::start(temporal.address()).await.unwrap();
    let variables = guard.variables();
    let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let scene = Scene::on(temporal, "rotation", &variables).await;
    let mut params = scene.sample_params();
    params["activityParams"]["all-activities"]["dryRun"] = json!("true");
    let refusal = async || {
        // One short task, whichever connection it comes over.
        let failure = scene.start_once("EmcoMigrateWorkflow", &json!({})).await.failure().await;
        assert!(failure.non_retryable, "{failure:?}");
    };
    for _ in 0..3 {
        Box::pin(under_load(refusal, guard.rotate())).await.0.unwrap();
        let result = scene.start_once("EmcoMigrateWorkflow", &params).await.result().await;
        assert!(result["Plan"].is_array(), "{result}");
    }
    assert!(!scene.worker.log().contains("the worker is not working"), "{}", scene.worker.log());
}
