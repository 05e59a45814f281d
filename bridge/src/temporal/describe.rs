//! What Temporal knows of a run.

use std::time::Duration;

use prost_wkt_types::Timestamp;
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse,
};
use workflow_api::{RawJson, RunId, WorkflowState};

use super::rpc::Session;
use super::{Description, EngineError, pending};

/// Describes a run. Its JSON is Temporal's answer and nothing else: the CLI's `describe` adds `closeEvent` and `result`, and shortens
/// memos unless told `--no-json-shorthand-payloads`.
pub(super) async fn description(session: &Session<'_>, bound: Duration) -> Result<Description, EngineError> {
    let answer = ask(session, session.execution(), bound).await?;
    let json = temporal::json::description(&answer).map_err(|error| session.unexpected(error))?;
    Ok(Description { json, ..read(session, answer)? })
}

/// As [`description`], of any run of the workflow and without the JSON: for our own use.
pub(super) async fn outline(
    session: &Session<'_>,
    execution: Option<WorkflowExecution>,
    bound: Duration,
) -> Result<Description, EngineError> {
    let answer = ask(session, execution, bound).await?;
    read(session, answer)
}

/// A run's ID, and how many events it has by now.
pub(super) async fn length(session: &Session<'_>, bound: Duration) -> Result<(RunId, i64), EngineError> {
    let info = ask(session, session.execution(), bound).await?.workflow_execution_info.unwrap_or_default();
    Ok((info.execution.unwrap_or_default().run_id.into(), info.history_length))
}

async fn ask(
    session: &Session<'_>,
    execution: Option<WorkflowExecution>,
    bound: Duration,
) -> Result<DescribeWorkflowExecutionResponse, EngineError> {
    let request = DescribeWorkflowExecutionRequest { namespace: session.namespace(), execution };
    session.call(bound, request).await
}

fn read(
    session: &Session<'_>,
    answer: DescribeWorkflowExecutionResponse,
) -> Result<Description, EngineError> {
    let info = answer.workflow_execution_info.unwrap_or_default();
    let state =
        state(info.status()).ok_or_else(|| session.unexpected("a run was described without its status"))?;
    Ok(Description {
        state,
        run_id: info.execution.unwrap_or_default().run_id.into(),
        first_run_id: info.first_run_id.into(),
        workflow_type: info.r#type.unwrap_or_default().name.into(),
        task_queue: info.task_queue.into(),
        started: info.start_time.and_then(timestamp),
        closed: info.close_time.and_then(timestamp),
        pending_activities: answer.pending_activities.into_iter().map(pending::activity).collect(),
        request_ids: answer
            .workflow_extended_info
            .into_iter()
            .flat_map(|info| info.request_id_infos.into_keys())
            .collect(),
        json: RawJson::default(),
    })
}

pub(super) fn state(status: WorkflowExecutionStatus) -> Option<WorkflowState> {
    Some(match status {
        WorkflowExecutionStatus::Unspecified => return None,
        // A paused run is open: it has not ended, and goes on when somebody lets it.
        WorkflowExecutionStatus::Running | WorkflowExecutionStatus::Paused => WorkflowState::Running,
        WorkflowExecutionStatus::Completed => WorkflowState::Completed,
        WorkflowExecutionStatus::Failed => WorkflowState::Failed,
        WorkflowExecutionStatus::Canceled => WorkflowState::Canceled,
        WorkflowExecutionStatus::Terminated => WorkflowState::Terminated,
        WorkflowExecutionStatus::ContinuedAsNew => WorkflowState::ContinuedAsNew,
        WorkflowExecutionStatus::TimedOut => WorkflowState::TimedOut,
    })
}

/// Temporal's time as ours. None for one that no calendar has.
pub(super) fn timestamp(time: Timestamp) -> Option<jiff::Timestamp> {
    jiff::Timestamp::new(time.seconds, time.nanos).ok()
}
