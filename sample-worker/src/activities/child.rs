//! The wait for the end of a relocation, asked of Temporal.

use futures::StreamExt;
use temporalio_client::errors::WorkflowGetResultError;
use temporalio_client::{
    Client, NamespacedClient, UntypedWorkflow, WorkflowExecutionInfo, WorkflowFetchHistoryOptions,
    WorkflowGetResultOptions, WorkflowHandle,
};
use temporalio_common::data_converters::RawValue;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_sdk::activities::ActivityError;
use workflow_api::WorkflowParams;

use crate::emco_calls::lasting;
use crate::evacuation::{Child, Outcome};

type Handle = WorkflowHandle<Client, UntypedWorkflow>;

/// The type of the failure if the workflow does not exist, or is another one.
const NO_SUCH_WORKFLOW: &str = "NoSuchWorkflow";

/// Waits until the workflow has closed, and returns its outcome.
pub(super) async fn wait(client: Client, child: &Child) -> Result<Outcome, ActivityError> {
    let info = WorkflowExecutionInfo::builder()
        .namespace(client.namespace())
        .workflow_id(child.workflow_id.clone())
        .maybe_run_id(child.run_id.clone())
        .build();
    let handle = Handle::new(client, info);
    if !child.params.is_empty() && !is_same_move(&handle, child).await? {
        let id = &child.workflow_id;
        let message =
            format!("another workflow with the ID {id} is running; wait for its end or terminate it");
        return Err(lasting(NO_SUCH_WORKFLOW, message));
    }
    let error = match handle.get_result(WorkflowGetResultOptions::default()).await {
        Ok(result) => {
            let data = result.payloads.first().map(|payload| payload.data.as_slice()).unwrap_or_default();
            return serde_json::from_slice(data)
                .map(Outcome::Completed)
                .map_err(|error| lasting("PayloadMismatch", error));
        }
        Err(error) => error,
    };
    Ok(match error {
        WorkflowGetResultError::Failed(error) => Outcome::of_error(&error),
        WorkflowGetResultError::Cancelled { details } => Outcome::cancelled(details.deserialize().ok()),
        WorkflowGetResultError::Terminated { .. } => Outcome::terminated(),
        WorkflowGetResultError::TimedOut => Outcome::timed_out(),
        WorkflowGetResultError::NotFound(_) => {
            let message = format!("the workflow {} no longer exists", child.workflow_id);
            return Err(lasting(NO_SUCH_WORKFLOW, message));
        }
        other => return Err(unavailable(other)),
    })
}

/// Whether the workflow moves the same group between the same clusters.
async fn is_same_move(handle: &Handle, child: &Child) -> Result<bool, ActivityError> {
    let first = handle.fetch_history(WorkflowFetchHistoryOptions::default()).next().await;
    let attributes = first.transpose().map_err(unavailable)?.and_then(|event| event.attributes);
    let Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) = attributes else {
        return Ok(false);
    };
    let payloads = started.input.unwrap_or_default().payloads;
    let Ok(params) = worker_kit::params(&RawValue::new(payloads)) else { return Ok(false) };
    let all = params.activity_params.get(WorkflowParams::ALL_ACTIVITIES);
    let is_same = |(name, value)| all.is_some_and(|all| all.get(name) == Some(value));
    let is_relocation = started.workflow_type.is_some_and(|of| of.name == "EmcoRelocateWorkflow");
    Ok(is_relocation && child.params.iter().all(is_same))
}

/// Temporal cannot answer now.
fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> ActivityError {
    ActivityError::application(worker_kit::retryable("TemporalUnavailable", error))
}
