//! EMCO's sample intent (document 04 of its migrate sample) and the objects that it refers to.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The deployment intent group of EMCO's samples.
pub const SAMPLE_DIG: &str = "/v2/projects/proj1/composite-apps/capp1/v1/deployment-intent-groups/dig1";
/// The name of the sample intent.
pub const SAMPLE_INTENT: &str = "dig1-workflow-intent";
/// The workflow ID that the sample intent asks for.
pub const SAMPLE_WORKFLOW_ID: &str = "migrate-apps-1";
/// Where the sample intent moves its apps, as `provider/cluster`.
pub const SAMPLE_TARGET: &str = "provider2/cluster2";

/// Returns document 04 as emcoctl sends it (EMCO-API §5.6), with the three addresses that depend on the installation.
pub fn sample_intent(client_host: &str, client_port: u16, emco_url: &str) -> Value {
    json!({
        "metadata": {"name": SAMPLE_INTENT, "description": "description for intent"},
        "spec": {
            "temporal": {
                "workflowClientName": "migrate_workflowclient",
                "workflowParams": {
                    "activityOptions": {
                        "all-activities": {
                            "heartbeatTimeout": 5_000_000,
                            "retryPolicy": {"initialInterval": 10},
                            "startToCloseTimeout": 60_000_000_000_u64,
                        },
                    },
                    "activityParams": {
                        "all-activities": {
                            "compositeApp": "capp1",
                            "compositeAppVersion": "v1",
                            "deploymentIntentGroup": "dig1",
                            "emcoURL": emco_url,
                            "project": "proj1",
                            "targetClusterName": "cluster2",
                            "targetClusterProvider": "provider2",
                        },
                    },
                },
                "workflowStartOptions": {
                    "id": SAMPLE_WORKFLOW_ID,
                    "retryPolicy": {"maximumAttempts": 2},
                    "taskQueue": "MIGRATION_TASK_Q",
                },
            },
            "workflowClient": {"clientEndpointName": client_host, "clientEndpointPort": client_port},
        },
    })
}

/// Returns the clusters (`provider/cluster`) of each app, from a deployment intent group's status (EMCO-API §6.6).
pub fn placements(dig_status: &Value) -> BTreeMap<String, Vec<String>> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let cluster = |value: &Value| format!("{}/{}", text(&value["clusterProvider"]), text(&value["cluster"]));
    list(&dig_status["apps"])
        .iter()
        .map(|app| (text(&app["name"]), list(&app["clusters"]).iter().map(cluster).collect()))
        .collect()
}
