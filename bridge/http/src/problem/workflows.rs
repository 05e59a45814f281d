//! Errors of the use cases about workflows, as problems.

use std::collections::BTreeMap;

use bridge_core::ports::{CommandError, EscalateError, PauseError, QueryError, ResetError, UpdateError};
use bridge_core::{StatusMethodError, WorkflowError};
use serde_json::json;
use service::problem::ProblemResponse;
use workflow_api::{Problem, WorkflowFailure};

use super::error::{ApiError, of_engine, plain, with_causes};
use super::kinds;

impl From<WorkflowError> for ApiError {
    fn from(error: WorkflowError) -> Self {
        match error {
            WorkflowError::Refused(error) => error.into(),
            WorkflowError::Intent(error) => error.into(),
            WorkflowError::Target(error) => error.into(),
            ref unfit @ WorkflowError::Unfit { ref faults, .. } => {
                kinds::INVALID_MESSAGE.problem(unfit.to_string()).with_faults(faults.clone()).into()
            }
            WorkflowError::Command(error) => error.into(),
            ref continued @ WorkflowError::Continued { ref run_id, state, ref current, .. } => {
                plain(kinds::WORKFLOW_CLOSED, continued)
                    .with("runID", run_id.as_str())
                    .with("workflowState", json!(state))
                    .with("currentRunID", current.as_str())
            }
            WorkflowError::Pause(PauseError::Command(error)) => error.into(),
            WorkflowError::Pause(error @ PauseError::Unsupported { .. }) => plain(kinds::PAUSE_OFF, &error),
            WorkflowError::Query(error) => error.into(),
            WorkflowError::Update(error) => error.into(),
            WorkflowError::Reset(error) => error.into(),
            WorkflowError::Engine(error) => error.into(),
            WorkflowError::Nothing(errors) => nothing(errors),
            WorkflowError::Escalate(EscalateError::Off) => plain(kinds::ESCALATION_OFF, &EscalateError::Off),
            // Half of it was done, and the text must name that half.
            ref half @ (WorkflowError::Escalate(EscalateError::Engine(ref cause))
            | WorkflowError::Status(ref cause)) => with_causes(of_engine(cause), half),
        }
    }
}

impl From<CommandError> for ApiError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Engine(error) => error.into(),
            ref closed @ CommandError::AlreadyClosed { ref run_id, state, .. } => {
                plain(kinds::WORKFLOW_CLOSED, closed)
                    .with("runID", run_id.as_str())
                    .with("workflowState", json!(state))
            }
        }
    }
}

impl From<UpdateError> for ApiError {
    fn from(error: UpdateError) -> Self {
        let failed = |kind, failure: &WorkflowFailure| {
            plain(kind, &error).with("workflowFailure", serde_json::to_value(failure).unwrap_or_default())
        };
        match &error {
            UpdateError::Rejected { failure, .. } => failed(kinds::UPDATE_REJECTED, failure),
            UpdateError::Failed { failure, .. } => failed(kinds::UPDATE_FAILED, failure),
            UpdateError::NoWorker { .. } => plain(kinds::NO_WORKER, &error),
            UpdateError::NotTaken { .. } => plain(kinds::UPDATE_NOT_TAKEN, &error),
            UpdateError::Command(error) => error.clone().into(),
        }
    }
}

impl From<ResetError> for ApiError {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::Engine(error) => error.into(),
            ref nothing @ ResetError::NothingDone { .. } => plain(kinds::NOTHING_TO_RESET, nothing),
        }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Engine(error) => error.into(),
            QueryError::Rejected { .. } => plain(kinds::QUERY_REJECTED, &error),
            QueryError::Failed { .. } => plain(kinds::QUERY_FAILED, &error),
            QueryError::NoWorker { .. } => plain(kinds::NO_WORKER, &error),
            QueryError::Late { .. } => plain(kinds::QUERY_TIMEOUT, &error),
        }
    }
}

/// Returns the problems of the parts of a status, by method.
pub(crate) fn by_method(errors: Vec<StatusMethodError>) -> BTreeMap<String, Problem> {
    let problem = |error: StatusMethodError| {
        let problem = ApiError::from(error.error).problem().clone();
        // Bounded, as a response of its own would be.
        (error.method.word().to_owned(), ProblemResponse::new(problem).problem().clone())
    };
    errors.into_iter().map(problem).collect()
}

/// The problem with the highest status stands for all; the others are in `errors`.
fn nothing(errors: Vec<StatusMethodError>) -> ApiError {
    let problems = by_method(errors);
    let worst = problems.values().max_by_key(|problem| problem.status).cloned();
    let worst = worst.unwrap_or_else(|| kinds::INTERNAL.problem("no part of the status was requested"));
    let worst = ApiError::from(worst);
    if problems.len() < 2 { worst } else { worst.with("errors", json!(problems)) }
}
