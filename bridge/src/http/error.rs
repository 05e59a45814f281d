//! Errors of the use cases as answers: one status, one stable code, one sentence (RFC 9457).

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use service::problem::ProblemResponse;
use workflow_api::{Problem, RunId};

use super::problems::{self, Kind};
use super::{etag, path};
use crate::app::{
    BodyError, ChangeError, HistoryError, IntentError, ListError, MethodError, ParentError, RunError,
    StartError, StartFault, StatusError, TargetError,
};
use crate::invoke::InvokeError;
use crate::storage::StoreError;
use crate::temporal::{EngineError, QueryError};

const RETRY_AFTER: Duration = Duration::from_secs(2);

/// An error on its way to the caller.
#[derive(Debug)]
pub(super) struct ApiError(Box<Problem>);

impl ApiError {
    /// What the caller is told.
    pub(super) fn problem(&self) -> &Problem {
        &self.0
    }

    /// The same, with a member of its own.
    pub(super) fn with(self, name: &str, value: impl Into<Value>) -> Self {
        Self(Box::new(self.0.with(name, value)))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let later = self.0.status == 503 || self.0.code == problems::KEY_IN_FLIGHT.code;
        let response = ProblemResponse::new(*self.0);
        if later { response.retry_after(RETRY_AFTER) } else { response }.into_response()
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

/// The error's own sentence, without what lies under it.
pub(super) fn plain(kind: Kind, error: &dyn Error) -> ApiError {
    kind.problem(error.to_string()).into()
}

/// The error with its causes: about a peer, which the caller may be able to mend.
pub(super) fn with_causes(kind: Kind, error: &(dyn Error + 'static)) -> ApiError {
    kind.problem(service::chain(error)).into()
}

/// The error's own sentence; what lies under it is the operator's business, and goes to the log.
fn logged(kind: Kind, error: &(dyn Error + 'static)) -> ApiError {
    tracing::error!(code = kind.code, error = service::chain(error), "a request failed");
    plain(kind, error)
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Database { .. } => logged(problems::DATABASE_UNAVAILABLE, &error),
            StoreError::InUse(_) | StoreError::Migration(_) | StoreError::Inconsistent { .. } => {
                logged(problems::INTERNAL, &error)
            }
        }
    }
}

impl From<IntentError> for ApiError {
    fn from(error: IntentError) -> Self {
        match error {
            IntentError::NoSuchIntent(_) => plain(problems::NO_SUCH_INTENT, &error),
            IntentError::NoWorkflowYet(_) => plain(problems::NO_SUCH_WORKFLOW, &error),
            IntentError::Store(error) => error.into(),
        }
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        let kind = match &error {
            BodyError::NotJson(_) => problems::NOT_JSON,
            BodyError::WrongTypes(_) => problems::INVALID_BODY,
            BodyError::UnknownFields(_) => problems::UNKNOWN_FIELDS,
        };
        kind.problem(error.to_string()).with_faults(error.into_faults()).into()
    }
}

impl From<ChangeError> for ApiError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Body { error, faults } => {
                let mut refusal = Self::from(error);
                refusal.0.faults.extend(faults);
                refusal
            }
            ChangeError::Unsound(ref faults) => {
                problems::INVALID_INTENT.problem(error.to_string()).with_faults(faults.clone()).into()
            }
            ChangeError::AlreadyExists(_) => plain(problems::INTENT_EXISTS, &error),
            ChangeError::NoSuchIntent(_) => plain(problems::NO_SUCH_INTENT, &error),
            ChangeError::NoSuchRevision { .. } => plain(problems::NO_SUCH_REVISION, &error),
            ChangeError::ConditionFailed { current, .. } => {
                let refusal = plain(problems::CONDITION_FAILED, &error);
                match current {
                    Some(revision) => refusal.with("currentETag", etag::of(revision)),
                    None => refusal,
                }
            }
            ChangeError::Parent(error) => error.into(),
            ChangeError::Store(error) => error.into(),
        }
    }
}

impl From<ParentError> for ApiError {
    fn from(error: ParentError) -> Self {
        match &error {
            ParentError::NoSuchGroup(_) => plain(problems::NO_SUCH_GROUP, &error),
            ParentError::Unavailable(..) => logged(problems::EMCO_UNAVAILABLE, &error),
            ParentError::Refused(..) => logged(problems::EMCO_REFUSED, &error),
        }
    }
}

impl From<HistoryError> for ApiError {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::NoSuchIntent(_) => plain(problems::NO_SUCH_INTENT, &error),
            HistoryError::NoSuchRevision { .. } => plain(problems::NO_SUCH_REVISION, &error),
            HistoryError::Store(error) => error.into(),
        }
    }
}

impl From<ListError> for ApiError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Store(error) => error.into(),
            ListError::Engine(error) => error.into(),
        }
    }
}

impl From<TargetError> for ApiError {
    fn from(error: TargetError) -> Self {
        match &error {
            TargetError::NotAnAddress(_) => {
                plain(problems::INVALID_PARAMETER, &error).with("parameter", "temporalServer")
            }
            TargetError::NotAllowed(_) | TargetError::Forbidden(_) => {
                plain(problems::TEMPORAL_NOT_ALLOWED, &error)
            }
            TargetError::NamespaceNotAllowed { .. } => plain(problems::NAMESPACE_NOT_ALLOWED, &error),
        }
    }
}

impl From<StartError> for ApiError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Body(error) => error.into(),
            StartError::Unsound(ref faults) => {
                problems::INVALID_START.problem(error.to_string()).with_faults(faults.clone()).into()
            }
            StartError::Intent(error) => error.into(),
            StartError::NotRecorded(_) => logged(problems::DATABASE_UNAVAILABLE, &error),
            StartError::KeyReused(_) => plain(problems::KEY_REUSED, &error),
            StartError::InFlight(_) => plain(problems::KEY_IN_FLIGHT, &error),
            ref refused @ StartError::NotStarted { ref source, .. } => {
                of_client(not_started(source), refused, source)
            }
            ref unknown @ StartError::OutcomeUnknown { ref intent, ref workflow_id, ref source } => {
                of_client(problems::START_UNKNOWN, unknown, source)
                    .with("workflowID", workflow_id.as_str())
                    .with("statusLink", path::status_of(intent, workflow_id, &RunId::default()))
            }
            StartError::BrokenOff(_) => logged(problems::INTERNAL, &error),
        }
    }
}

fn not_started(fault: &StartFault) -> Kind {
    match fault {
        StartFault::Client(InvokeError::Forbidden { .. }) => problems::CLIENT_NOT_ALLOWED,
        StartFault::Client(InvokeError::Unreachable { .. }) => problems::CLIENT_UNREACHABLE,
        StartFault::Client(
            InvokeError::Refused { .. } | InvokeError::TimedOut { .. } | InvokeError::AnswerLost { .. },
        )
        | StartFault::BrokenOff(_) => problems::CLIENT_REFUSED,
    }
}

/// What the workflow client said goes to the caller, who may be able to mend it.
fn of_client(kind: Kind, error: &StartError, fault: &StartFault) -> ApiError {
    let problem = with_causes(kind, error);
    match fault {
        StartFault::Client(InvokeError::Refused { status, text, .. }) => {
            problem.with("clientStatus", status.as_u16()).with("clientText", text.as_str())
        }
        StartFault::Client(
            InvokeError::Forbidden { .. }
            | InvokeError::Unreachable { .. }
            | InvokeError::TimedOut { .. }
            | InvokeError::AnswerLost { .. },
        )
        | StartFault::BrokenOff(_) => problem,
    }
}

impl From<RunError> for ApiError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Intent(error) => error.into(),
            RunError::NoSuchRun { .. } => plain(problems::NO_SUCH_RUN, &error),
        }
    }
}

pub(super) fn of_engine(error: &EngineError) -> Kind {
    match error {
        EngineError::NoSuchWorkflow { .. } => problems::NO_SUCH_WORKFLOW,
        EngineError::NoSuchNamespace { .. } => problems::NO_SUCH_NAMESPACE,
        EngineError::Forbidden { .. } => problems::TEMPORAL_NOT_ALLOWED,
        EngineError::Unavailable { .. } => problems::TEMPORAL_UNAVAILABLE,
        EngineError::DeadlineExceeded { .. } => problems::TEMPORAL_TIMEOUT,
        EngineError::InvalidArgument { .. } => problems::TEMPORAL_REFUSED,
        EngineError::PermissionDenied { .. } => problems::TEMPORAL_CREDENTIALS,
        EngineError::Other { .. } => problems::TEMPORAL_FAILED,
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        let kind = of_engine(&error);
        if kind.status >= 500 {
            tracing::warn!(
                code = kind.code,
                error = service::chain(&error),
                "Temporal did not do what was asked"
            );
        }
        with_causes(kind, &error)
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Engine(error) => error.into(),
            QueryError::Rejected { .. } => plain(problems::QUERY_REJECTED, &error),
            QueryError::Failed { .. } => plain(problems::QUERY_FAILED, &error),
            QueryError::NoWorker { .. } => plain(problems::NO_WORKER, &error),
            QueryError::Late { .. } => plain(problems::QUERY_TIMEOUT, &error),
        }
    }
}

/// What went wrong in the parts of a status, by method.
pub(super) fn by_method(errors: Vec<MethodError>) -> BTreeMap<String, Problem> {
    let problem = |error: MethodError| (error.method.word().to_owned(), *ApiError::from(error.error).0);
    errors.into_iter().map(problem).collect()
}

impl From<StatusError> for ApiError {
    fn from(error: StatusError) -> Self {
        match error {
            StatusError::Intent(error) => error.into(),
            StatusError::Target(error) => error.into(),
            StatusError::Engine(error) => error.into(),
            StatusError::Nothing(errors) => nothing(errors),
        }
    }
}

/// The worst of several problems speaks for all; the others are beside it.
fn nothing(errors: Vec<MethodError>) -> ApiError {
    let problems = by_method(errors);
    let worst = problems.values().max_by_key(|problem| problem.status).cloned();
    let worst = worst.unwrap_or_else(|| problems::INTERNAL.problem("no part of the status was asked for"));
    let worst = ApiError::from(worst);
    if problems.len() < 2 { worst } else { worst.with("errors", json!(problems)) }
}
