//! The workflow that is started on both sides: EMCO's sample migration, on a task queue that no worker polls.

use harness::sample_intent;
use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::common::v1::{Payload, Payloads, RetryPolicy, WorkflowType};
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflowservice::v1::StartWorkflowExecutionRequest;

pub(crate) const QUEUE: &str = "bench";
pub(crate) const WORKFLOW_TYPE: &str = "EmcoMigrateWorkflow";
const EMCO: &str = "http://emco.example:30415";

/// Returns a workflow ID. `uuid` is a random UUID or a template for one (`{{uuid}}` in an intent). All sides
/// use this form, since a server is slower with keys in random order than with rising ones.
pub(crate) fn workflow_id(uuid: &str) -> String {
    format!("bench-{uuid}")
}

/// Returns EMCO's sample intent with this name, for a client on this port. The workflow ID may be a template.
pub(crate) fn intent(name: &str, workflow_id: &str, client_port: u16) -> Value {
    let mut intent = sample_intent("127.0.0.1", client_port, EMCO);
    intent["metadata"]["name"] = json!(name);
    intent["spec"]["temporal"]["workflowStartOptions"]["id"] = json!(workflow_id);
    intent["spec"]["temporal"]["workflowStartOptions"]["taskQueue"] = json!(QUEUE);
    intent
}

/// Returns the body that a bridge posts to a workflow client for that intent.
pub(crate) fn invocation(workflow_id: &str) -> Value {
    intent("bench", workflow_id, 0)["spec"]["temporal"].take()
}

/// Returns the request, without its IDs, that our workflow client makes of an [`invocation`].
pub(crate) fn start_request() -> StartWorkflowExecutionRequest {
    let data = invocation("")["workflowParams"].to_string().into_bytes();
    let metadata = [("encoding".to_owned(), b"json/plain".to_vec())].into();
    StartWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        workflow_type: Some(WorkflowType { name: WORKFLOW_TYPE.to_owned() }),
        task_queue: Some(TaskQueue { name: QUEUE.to_owned(), ..TaskQueue::default() }),
        input: Some(Payloads { payloads: vec![Payload { metadata, data, ..Payload::default() }] }),
        identity: "bench".to_owned(),
        retry_policy: Some(RetryPolicy { maximum_attempts: 2, ..RetryPolicy::default() }),
        ..StartWorkflowExecutionRequest::default()
    }
}
