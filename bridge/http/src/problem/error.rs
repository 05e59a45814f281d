//! Conversion of errors into responses.

use std::error::Error;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use bridge_core::AuditError;
use bridge_core::access::Refused;
use bridge_core::ports::{EngineError, StoreError, TargetError};
use serde_json::Value;
use service::problem::ProblemResponse;
use workflow_api::read::Spelling;
use workflow_api::{Fault, Problem};

use super::kinds::{self, Kind};

const RETRY_AFTER: Duration = Duration::from_secs(2);

/// An error of a use case that becomes the response. It is made of the error itself (`From`).
#[derive(Debug)]
pub struct ApiError(Box<Problem>);

impl ApiError {
    /// Returns the problem.
    pub fn problem(&self) -> &Problem {
        &self.0
    }

    /// Adds faults.
    pub(crate) fn with_faults(mut self, faults: Vec<Fault>) -> Self {
        self.0.faults.extend(faults);
        self
    }

    /// Changes the paths of the faults to what the caller wrote.
    pub(crate) fn respelled(mut self, spelling: &Spelling) -> Self {
        self.0.faults = spelling.respell(self.0.faults);
        self
    }

    /// Adds an extension member.
    pub(crate) fn with(self, name: &str, value: impl Into<Value>) -> Self {
        Self(Box::new(self.0.with(name, value)))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let later = self.0.status == 503 || self.0.code == kinds::KEY_IN_FLIGHT.code;
        let response = ProblemResponse::new(*self.0);
        if later { response.retry_after(RETRY_AFTER) } else { response }.into_response()
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

/// The error's own text, without its causes.
pub(crate) fn plain(kind: Kind, error: &dyn Error) -> ApiError {
    kind.problem(error.to_string()).into()
}

/// The error with its causes, which are about a peer. The caller may be able to correct them.
pub(crate) fn with_causes(kind: Kind, error: &(dyn Error + 'static)) -> ApiError {
    kind.problem(workflow_api::chain(error)).into()
}

/// The error's own text. Its causes are for the operator, and go to the log.
pub(crate) fn logged(kind: Kind, error: &(dyn Error + 'static)) -> ApiError {
    tracing::error!(code = kind.code, error = workflow_api::chain(error), "a request failed");
    plain(kind, error)
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Unavailable { .. } => logged(kinds::DATABASE_UNAVAILABLE, &error),
            StoreError::Inconsistent { .. } => logged(kinds::INTERNAL, &error),
        }
    }
}

impl From<Refused> for ApiError {
    fn from(error: Refused) -> Self {
        match &error {
            Refused::Denied(denied) => plain(kinds::FORBIDDEN, denied)
                .with("verb", denied.action.word())
                .with("object", denied.resource.as_str())
                .with("reason", denied.reason.as_str()),
            Refused::Unrecorded(_) => logged(kinds::AUDIT_UNAVAILABLE, &error),
        }
    }
}

impl From<AuditError> for ApiError {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Refused(error) => error.into(),
            AuditError::Store(error) => error.into(),
        }
    }
}

impl From<TargetError> for ApiError {
    fn from(error: TargetError) -> Self {
        match &error {
            TargetError::NotAnAddress(_) => {
                plain(kinds::INVALID_PARAMETER, &error).with("parameter", "temporalServer")
            }
            TargetError::NotAllowed(_) | TargetError::Forbidden(_) => {
                plain(kinds::TEMPORAL_NOT_ALLOWED, &error)
            }
            TargetError::NamespaceNotAllowed { .. } => plain(kinds::NAMESPACE_NOT_ALLOWED, &error),
        }
    }
}

pub(crate) fn of_engine(error: &EngineError) -> Kind {
    match error {
        EngineError::NoSuchWorkflow { .. } => kinds::NO_SUCH_WORKFLOW,
        EngineError::NoSuchNamespace { .. } => kinds::NO_SUCH_NAMESPACE,
        EngineError::Forbidden { .. } => kinds::TEMPORAL_NOT_ALLOWED,
        EngineError::Unavailable { .. } => kinds::TEMPORAL_UNAVAILABLE,
        EngineError::DeadlineExceeded { .. } => kinds::TEMPORAL_TIMEOUT,
        EngineError::InvalidArgument { .. } => kinds::TEMPORAL_REFUSED,
        EngineError::FailedPrecondition { .. } => kinds::TEMPORAL_STATE,
        EngineError::PermissionDenied { .. } => kinds::TEMPORAL_CREDENTIALS,
        EngineError::Other { .. } => kinds::TEMPORAL_FAILED,
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        let kind = of_engine(&error);
        if kind.status >= 500 {
            tracing::warn!(
                code = kind.code,
                error = workflow_api::chain(&error),
                "a call to Temporal failed"
            );
        }
        with_causes(kind, &error)
    }
}
