//! Describes runs.

use std::time::Duration;

use bridge_core::ports::{Description, EngineError, Outline};
use heavy::heavy;
use prost::Message;
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse,
};
use workflow_api::{NextStart, PendingChild, RunId, TaskFailing, WorkflowState};

use crate::rpc::Session;
use crate::{convert, pending};

/// Describes a run. Its JSON is exactly Temporal's response. The command line's `describe` adds `closeEvent`
/// and `result`, and shortens memos without `--no-json-shorthand-payloads`.
pub(crate) async fn description(session: &Session<'_>, bound: Duration) -> Result<Description, EngineError> {
    let answer = ask(session, session.execution(), bound).await?;
    let size = answer.encoded_len();
    let write = move || temporal::json::description(&answer).map(|json| (answer, json));
    let (answer, json) = heavy(size, write).await.map_err(|error| session.unexpected(error))?;
    Ok(Description { outline: read(session, answer)?, json })
}

/// Returns the state and the times of any run of the workflow.
pub(crate) async fn outline(
    session: &Session<'_>,
    execution: Option<WorkflowExecution>,
    bound: Duration,
) -> Result<Outline, EngineError> {
    let answer = ask(session, execution, bound).await?;
    read(session, answer)
}

/// The current length of a run's history.
pub(crate) struct Length {
    pub(crate) run_id: RunId,
    /// The number of events.
    pub(crate) events: i64,
    /// Whether there will be no more.
    pub(crate) closed: bool,
}

/// Returns the current length of the run's history.
pub(crate) async fn length(session: &Session<'_>, bound: Duration) -> Result<Length, EngineError> {
    let info = ask(session, session.execution(), bound).await?.workflow_execution_info.unwrap_or_default();
    Ok(Length {
        events: info.history_length,
        closed: convert::state(info.status).is_some_and(WorkflowState::is_closed),
        run_id: info.execution.unwrap_or_default().run_id.into(),
    })
}

async fn ask(
    session: &Session<'_>,
    execution: Option<WorkflowExecution>,
    bound: Duration,
) -> Result<DescribeWorkflowExecutionResponse, EngineError> {
    let request = DescribeWorkflowExecutionRequest { namespace: session.namespace(), execution };
    session.call(bound, request).await
}

fn read(session: &Session<'_>, answer: DescribeWorkflowExecutionResponse) -> Result<Outline, EngineError> {
    let info = answer.workflow_execution_info.unwrap_or_default();
    let state = convert::state(info.status)
        .ok_or_else(|| session.unexpected("the description of a run has no status"))?;
    let now = session.now();
    let begins = info.execution_time.and_then(convert::timestamp).filter(|begins| *begins > now);
    Ok(Outline {
        state,
        run_id: info.execution.unwrap_or_default().run_id.into(),
        first_run_id: info.first_run_id.into(),
        workflow_type: info.r#type.unwrap_or_default().name.into(),
        task_queue: info.task_queue.into(),
        started: info.start_time.and_then(convert::timestamp),
        closed: info.close_time.and_then(convert::timestamp),
        pending_activities: answer
            .pending_activities
            .into_iter()
            .map(|info| pending::activity(info, now))
            .collect(),
        // The first failure may be an accident: a worker that stops, or a deployment.
        task_failing: answer
            .pending_workflow_task
            .filter(|task| task.attempt > 1)
            .map(|task| TaskFailing { attempt: task.attempt, cause: None }),
        next_start: begins
            .filter(|_| state == WorkflowState::Running)
            .map(|at| NextStart { at, failure: None }),
        pending_children: answer
            .pending_children
            .into_iter()
            .map(|child| PendingChild {
                workflow_id: child.workflow_id.into(),
                run_id: child.run_id.into(),
                workflow_type: child.workflow_type_name.into(),
            })
            .collect(),
        request_ids: answer
            .workflow_extended_info
            .into_iter()
            .flat_map(|info| info.request_id_infos.into_keys())
            .collect(),
    })
}
