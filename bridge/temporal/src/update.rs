//! Sends updates. Repeats with one ID are one update, and each waits for the outcome up to its timeout.

use std::time::Duration;

use bridge_core::ports::{EngineError, Update, UpdateError, Updated};
use temporal::{FaultKind, trace_header};
use temporalio_common::protos::temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
use temporalio_common::protos::temporal::api::failure::v1::Failure;
use temporalio_common::protos::temporal::api::update::v1::{
    Input, Meta, Outcome, Request, UpdateRef, WaitPolicy, outcome,
};
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    PollWorkflowExecutionUpdateRequest, PollWorkflowExecutionUpdateResponse, UpdateWorkflowExecutionRequest,
};
use tokio::time::Instant;
use workflow_api::RunId;

use crate::bounds::Bounds;
use crate::patience::Patience;
use crate::rpc::Session;
use crate::{command, describe, failure, payload, queue};

/// Temporal waits some 20 s at most, and then reports the progress of the update.
const LONG_POLL: Duration = Duration::from_secs(30);
/// The part of a timeout that is reserved for the last call.
const SHORTEST: Duration = Duration::from_millis(50);

/// Updates the workflow, and waits for the outcome up to the update's timeout.
pub(crate) async fn update(
    session: &Session<'_>,
    update: &Update,
    bounds: Bounds,
) -> Result<Updated, UpdateError> {
    let deadline = Instant::now() + update.bound;
    let mut stage = Stage::Unspecified;
    let mut patience = Patience::default();
    loop {
        let begun = Instant::now();
        let bound = deadline.saturating_duration_since(begun).clamp(SHORTEST, LONG_POLL);
        let asked = session.try_call(bound, request(session, update)).await;
        match asked {
            Ok(answer) => {
                let run_id = run_of(answer.update_ref.as_ref());
                if let Some(outcome) = answer.outcome {
                    return settled(session, update, run_id, outcome, bounds).await;
                }
                stage = answer.stage();
                if Instant::now() >= deadline {
                    return unsettled(session, update, stage, run_id, bounds).await;
                }
            }
            Err(fault) if fault.kind() == FaultKind::DeadlineExceeded => {
                if Instant::now() >= deadline {
                    return look(session, update, stage, bounds).await;
                }
            }
            // The update has an ID, so a repeat is the same update.
            Err(fault) if begun < deadline && patience.endures(&fault, begun).await => {}
            Err(fault) => {
                let answer = Err(session.error(fault, bound));
                return Ok(command::taken(session, answer, bounds.call).await?);
            }
        }
    }
}

fn request(session: &Session<'_>, update: &Update) -> UpdateWorkflowExecutionRequest {
    UpdateWorkflowExecutionRequest {
        namespace: session.namespace(),
        workflow_execution: session.execution(),
        wait_policy: Some(WaitPolicy { lifecycle_stage: Stage::Completed.into() }),
        request: Some(Request {
            meta: Some(Meta { update_id: update.update_id.clone(), identity: update.identity.clone() }),
            input: Some(Input {
                header: trace_header(),
                name: update.name.clone(),
                args: payload::from_json(&update.args),
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Returns the state of the update after the timeout, without waiting.
async fn look(
    session: &Session<'_>,
    update: &Update,
    stage: Stage,
    bounds: Bounds,
) -> Result<Updated, UpdateError> {
    match progress(session, update, &session.run().run_id, bounds).await {
        Ok(answer) => {
            let run_id = run_of(answer.update_ref.as_ref());
            match answer.outcome {
                Some(outcome) => settled(session, update, run_id, outcome, bounds).await,
                None => {
                    let stage = if answer.stage() == Stage::Unspecified { stage } else { answer.stage() };
                    unsettled(session, update, stage, run_id, bounds).await
                }
            }
        }
        // The update was not admitted, or was dropped before any worker saw it.
        Err(EngineError::NoSuchWorkflow { .. }) => {
            unsettled(session, update, stage, session.run().run_id.clone(), bounds).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns Temporal's record of an update.
async fn progress(
    session: &Session<'_>,
    update: &Update,
    run_id: &RunId,
    bounds: Bounds,
) -> Result<PollWorkflowExecutionUpdateResponse, EngineError> {
    let request = PollWorkflowExecutionUpdateRequest {
        namespace: session.namespace(),
        update_ref: Some(UpdateRef {
            workflow_execution: session.execution_of(run_id.as_str()),
            update_id: update.update_id.clone(),
        }),
        identity: update.identity.clone(),
        wait_policy: None,
    };
    session.call(bounds.call, request).await
}

async fn settled(
    session: &Session<'_>,
    update: &Update,
    run_id: RunId,
    outcome: Outcome,
    bounds: Bounds,
) -> Result<Updated, UpdateError> {
    match outcome.value {
        Some(outcome::Value::Failure(failure)) => {
            Err(not_done(session, update, &run_id, failure, bounds).await)
        }
        Some(outcome::Value::Success(result)) => {
            Ok(Updated::Completed { run_id, result: payload::to_json(Some(&result)) })
        }
        None => Ok(Updated::Completed { run_id, result: serde_json::Value::Null.into() }),
    }
}

/// Returns the error of a failed update. Temporal keeps an update that the workflow accepted and failed in; a
/// rejected update leaves no trace.
async fn not_done(
    session: &Session<'_>,
    update: &Update,
    run_id: &RunId,
    failure: Failure,
    bounds: Bounds,
) -> UpdateError {
    let kept = progress(session, update, run_id, bounds).await;
    let (workflow_id, name) = (session.run().workflow_id.clone(), update.name.clone());
    let failure = Box::new(failure::alone(failure));
    match kept {
        Err(EngineError::NoSuchWorkflow { .. }) => UpdateError::Rejected { workflow_id, name, failure },
        Ok(_) | Err(_) => UpdateError::Failed { workflow_id, name, failure },
    }
}

/// Returns the state after the timeout: the workflow works on the update, or no worker has accepted it yet.
async fn unsettled(
    session: &Session<'_>,
    update: &Update,
    stage: Stage,
    run_id: RunId,
    bounds: Bounds,
) -> Result<Updated, UpdateError> {
    if matches!(stage, Stage::Accepted | Stage::Completed) {
        return Ok(Updated::Accepted { run_id });
    }
    let workflow_id = session.run().workflow_id.clone();
    let seen = describe::outline(session, session.execution(), bounds.call).await?;
    if queue::is_deserted(session, seen.task_queue.as_str(), bounds.call).await? {
        return Err(UpdateError::NoWorker { workflow_id, task_queue: seen.task_queue });
    }
    Err(UpdateError::NotTaken { workflow_id, name: update.name.clone(), bound: update.bound })
}

fn run_of(update: Option<&UpdateRef>) -> RunId {
    let execution = update.and_then(|update| update.workflow_execution.as_ref());
    execution.map(|execution| execution.run_id.as_str().into()).unwrap_or_default()
}
