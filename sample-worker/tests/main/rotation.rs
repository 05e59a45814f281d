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
    // A task that is on its way when a connection is closed is lost, and given out again after this time.
    params["activityOptions"]["all-activities"]["StartToCloseTimeout"] = json!(5_000_000_000_u64);
    let look = async || {
        assert!(scene.start_once("EmcoMigrateWorkflow", &params).await.result().await["Plan"].is_array())
    };
    for _ in 0..3 {
        Box::pin(under_load(look, guard.rotate())).await.0.unwrap();
    }
    look().await;
    assert!(!scene.worker.log().contains("the worker is not working"), "{}", scene.worker.log());
}
