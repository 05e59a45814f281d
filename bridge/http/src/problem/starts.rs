//! Errors of the use cases about starts, as problems.

use bridge_core::ports::ClientError;
use bridge_core::{RunError, StartError, StartFault};
use workflow_api::RunId;

use super::error::{ApiError, logged, plain, with_causes};
use super::kinds::{self, Kind};
use crate::wire::path;

impl From<StartError> for ApiError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Refused(error) => error.into(),
            StartError::Unsound(ref faults) => {
                kinds::INVALID_START.problem(error.to_string()).with_faults(faults.clone()).into()
            }
            StartError::Intent(error) => error.into(),
            StartError::NotRecorded(_) => logged(kinds::DATABASE_UNAVAILABLE, &error),
            StartError::TooMany(_) => plain(kinds::TOO_MANY_STARTS, &error),
            StartError::KeyReused(_) => plain(kinds::KEY_REUSED, &error),
            StartError::InFlight(_) => plain(kinds::KEY_IN_FLIGHT, &error),
            ref refused @ StartError::NotStarted { ref source, .. } => {
                of_client(not_started(source), refused, source)
            }
            ref unknown @ StartError::OutcomeUnknown { ref intent, ref workflow_id, ref source } => {
                of_client(kinds::START_UNKNOWN, unknown, source)
                    .with("workflowID", workflow_id.as_str())
                    .with("statusLink", path::status_of(intent, workflow_id, &RunId::default()))
            }
            StartError::BrokenOff(_) => logged(kinds::INTERNAL, &error),
        }
    }
}

fn not_started(fault: &StartFault) -> Kind {
    let StartFault::Client(error) = fault else { return kinds::CLIENT_REFUSED };
    match **error {
        ClientError::Forbidden { .. } => kinds::CLIENT_NOT_ALLOWED,
        ClientError::Unreachable { .. } | ClientError::NoToken { .. } => kinds::CLIENT_UNREACHABLE,
        _ => kinds::CLIENT_REFUSED,
    }
}

/// Adds the workflow client's response, which may help the caller to correct the request.
fn of_client(kind: Kind, error: &StartError, fault: &StartFault) -> ApiError {
    let problem = with_causes(kind, error);
    let StartFault::Client(error) = fault else { return problem };
    let ClientError::Refused { status, text, faults, .. } = &**error else { return problem };
    let problem = problem.with_faults(faults.clone()).with("clientStatus", *status);
    if text.is_empty() { problem } else { problem.with("clientText", text.as_str()) }
}

impl From<RunError> for ApiError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Intent(error) => error.into(),
            RunError::NoSuchRun { .. } => plain(kinds::NO_SUCH_RUN, &error),
        }
    }
}
