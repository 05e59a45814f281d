//! What is asked for on both sides: EMCO's sample migration, on a queue that no worker serves.

use harness::sample_intent;
use serde_json::{Value, json};
use uuid::Uuid;

/// Nobody polls it: the work itself is not measured.
pub(crate) const QUEUE: &str = "bench";
pub(crate) const WORKFLOW_TYPE: &str = "EmcoMigrateWorkflow";
const EMCO: &str = "http://emco.example:30415";

/// The ID of a workflow, alike on every side: `uuid` is a random UUID, or what stands for one (`{{uuid}}` in an intent). A
/// server is slower with keys in random order than with rising ones, the more so the more workflows it holds; sides that
/// differ here are not comparable.
pub(crate) fn workflow_id(uuid: &str) -> String {
    format!("bench-{uuid}")
}

/// The ID of one more workflow.
pub(crate) fn new_workflow_id() -> String {
    workflow_id(&Uuid::new_v4().to_string())
}

/// EMCO's sample intent under this name, for a client on this port; the workflow ID may be a template.
pub(crate) fn intent(name: &str, workflow_id: &str, client_port: u16) -> Value {
    let mut intent = sample_intent("127.0.0.1", client_port, EMCO);
    intent["metadata"]["name"] = json!(name);
    intent["spec"]["temporal"]["workflowStartOptions"]["id"] = json!(workflow_id);
    intent["spec"]["temporal"]["workflowStartOptions"]["taskQueue"] = json!(QUEUE);
    intent
}

/// What a bridge posts to a workflow client for that intent.
pub(crate) fn invocation(workflow_id: &str) -> Value {
    intent("bench", workflow_id, 0)["spec"]["temporal"].take()
}
