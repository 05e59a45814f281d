//! Errors of the verbs about workflows as answers.

use workflow_api::WorkflowFailure;

use super::error::{ApiError, of_engine, plain, with_causes};
use super::problems;
use crate::app::{AskError, CancelError, RequestError, ResetError, SignalError, UpdateError};
use crate::temporal::{self, CommandError, EscalateError};

impl From<RequestError> for ApiError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Body(error) => error.into(),
            RequestError::Incomplete(ref faults) => {
                problems::INVALID_BODY.problem(error.to_string()).with_faults(faults.clone()).into()
            }
            RequestError::Intent(error) => error.into(),
            RequestError::Target(error) => error.into(),
        }
    }
}

impl From<CommandError> for ApiError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Engine(error) => error.into(),
            ref closed @ CommandError::AlreadyClosed { ref run_id, state, .. } => {
                plain(problems::WORKFLOW_CLOSED, closed)
                    .with("runID", run_id.as_str())
                    .with("workflowState", state.to_string())
            }
        }
    }
}

impl From<CancelError> for ApiError {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::Request(error) => error.into(),
            CancelError::Command(error) => error.into(),
            CancelError::Escalate(EscalateError::Off) => plain(problems::ESCALATION_OFF, &EscalateError::Off),
            // Half of it was done, and the sentence must say which half.
            ref half @ (CancelError::Escalate(EscalateError::Engine(ref cause))
            | CancelError::Status(ref cause)) => with_causes(of_engine(cause), half),
        }
    }
}

impl From<SignalError> for ApiError {
    fn from(error: SignalError) -> Self {
        match error {
            SignalError::Request(error) => error.into(),
            SignalError::Command(error) => error.into(),
        }
    }
}

impl From<AskError> for ApiError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Request(error) => error.into(),
            AskError::Query(error) => error.into(),
        }
    }
}

impl From<UpdateError> for ApiError {
    fn from(error: UpdateError) -> Self {
        let error = match error {
            UpdateError::Request(error) => return error.into(),
            UpdateError::Update(error) => error,
        };
        let failed = |kind, failure: &WorkflowFailure| {
            plain(kind, &error).with("workflowFailure", serde_json::to_value(failure).unwrap_or_default())
        };
        match &error {
            temporal::UpdateError::Rejected { failure, .. } => failed(problems::UPDATE_REJECTED, failure),
            temporal::UpdateError::Failed { failure, .. } => failed(problems::UPDATE_FAILED, failure),
            temporal::UpdateError::NoWorker { .. } => plain(problems::NO_WORKER, &error),
            temporal::UpdateError::NotTaken { .. } => plain(problems::UPDATE_NOT_TAKEN, &error),
            temporal::UpdateError::Command(error) => error.clone().into(),
        }
    }
}

impl From<ResetError> for ApiError {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::Request(error) => error.into(),
            ResetError::Reset(temporal::ResetError::Engine(error)) => error.into(),
            ResetError::Reset(ref nothing @ temporal::ResetError::NothingDone { .. }) => {
                plain(problems::NOTHING_TO_RESET, nothing)
            }
        }
    }
}
