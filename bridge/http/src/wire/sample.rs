//! The example of an intent in the OpenAPI document.

use serde_json::{Value, json};

/// EMCO's sample intent (its document 04), as an example.
pub(crate) fn sample_intent() -> Value {
    json!({
        "metadata": {"name": "dig1-workflow-intent", "description": "description for intent", "userData1": "", "userData2": ""},
        "spec": {
            "workflowClient": {"clientEndpointName": "migrate-client", "clientEndpointPort": 9090},
            "temporal": {
                "workflowClientName": "migrate_workflowclient",
                "workflowStartOptions": {"ID": "migrate-apps-1", "TaskQueue": "MIGRATION_TASK_Q", "RetryPolicy": {"MaximumAttempts": 2}},
                "workflowParams": {
                    "activityOptions": {"all-activities": {"StartToCloseTimeout": 60_000_000_000_u64}},
                    "activityParams": {"all-activities": {"targetClusterProvider": "provider2", "targetClusterName": "cluster2"}},
                },
            },
        },
    })
}
