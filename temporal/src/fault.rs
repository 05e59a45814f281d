//! What Temporal's errors mean, the same for every program: kind, sentence, and problem.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use temporalio_client::errors::ClientConnectError;
use temporalio_client::tonic::{self, Code, Status};
use temporalio_common::protos::google::rpc;
use workflow_api::Problem;

use service::outbound::ResolveError;
use service::problem::ProblemResponse;

use super::connect::ConnectError;

/// When to try again after Temporal was away or busy.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Why a call to Temporal failed.
#[derive(Debug, Clone)]
pub struct TemporalFault {
    kind: FaultKind,
    server: Option<String>,
    cause: Cause,
}

/// The kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// Nobody answers there, for now.
    Unavailable,
    /// No answer in time.
    DeadlineExceeded,
    /// Temporal limits our rate.
    Busy,
    /// No such workflow, run, schedule.
    NotFound,
    /// No such namespace: a fault of the settings, not of the request.
    NamespaceNotFound,
    /// There is one already.
    AlreadyExists,
    /// The request is wrong.
    InvalidArgument,
    /// The request is right, but not now.
    FailedPrecondition,
    /// Our credentials do not do.
    Refused,
    /// The host leads to an address that is never dialled.
    Forbidden,
    /// The server is too old for it.
    Unimplemented,
    /// Anything else.
    Internal,
}

#[derive(Debug, Clone)]
enum Cause {
    /// Our own bound.
    Bound(Duration),
    Status(Arc<Status>),
    Connect(ConnectError),
}

impl TemporalFault {
    fn new(kind: FaultKind, cause: Cause) -> Self {
        Self { kind, server: None, cause }
    }

    /// Returns the fault of a call that our own bound ended.
    pub(super) fn out_of_time(bound: Duration) -> Self {
        Self::new(FaultKind::DeadlineExceeded, Cause::Bound(bound))
    }

    /// What kind of fault it is.
    pub fn kind(&self) -> FaultKind {
        self.kind
    }

    /// The same, naming the server (`host:port`).
    #[must_use]
    pub fn at(mut self, server: impl Into<String>) -> Self {
        self.server = Some(server.into());
        self
    }

    /// What the server said, where it said anything: code, message, details.
    pub fn status(&self) -> Option<&Status> {
        match &self.cause {
            Cause::Status(status) => Some(status),
            Cause::Connect(ConnectError::Refused { source, .. }) => match &**source {
                ClientConnectError::SystemInfoCallError(status) => Some(status),
                _ => None,
            },
            Cause::Bound(_) | Cause::Connect(_) => None,
        }
    }

    /// Whether it is certain that nothing was sent: there was no connection to send it on.
    pub fn nothing_sent(&self) -> bool {
        matches!(self.cause, Cause::Connect(_))
    }

    /// When to try again, where that may help.
    pub fn retry_after(&self) -> Option<Duration> {
        matches!(self.kind, FaultKind::Unavailable | FaultKind::Busy).then_some(RETRY_AFTER)
    }

    /// The fault as a problem: its status, its stable code, its sentence.
    pub fn problem(&self) -> Problem {
        let advice = if self.retry_after().is_some() { "; try again shortly" } else { "" };
        Problem::new(self.kind.http_status(), self.kind.code(), format!("{self}{advice}"))
    }
}

impl FaultKind {
    /// The status of an answer that fails by it. What is wrong between us and Temporal is no fault of the caller's: 502 to 504.
    pub fn http_status(self) -> u16 {
        match self {
            Self::Unavailable | Self::Busy => 503,
            Self::DeadlineExceeded => 504,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::AlreadyExists | Self::FailedPrecondition => 409,
            Self::InvalidArgument => 400,
            Self::NamespaceNotFound | Self::Refused | Self::Unimplemented | Self::Internal => 502,
        }
    }

    /// Its stable code in problems.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unavailable => "temporal_unavailable",
            Self::DeadlineExceeded => "temporal_timeout",
            Self::Busy => "temporal_busy",
            Self::NotFound => "workflow_not_found",
            Self::NamespaceNotFound => "temporal_namespace_not_found",
            Self::AlreadyExists => "workflow_already_exists",
            Self::InvalidArgument => "temporal_invalid_argument",
            Self::FailedPrecondition => "temporal_failed_precondition",
            Self::Refused => "temporal_refused",
            Self::Forbidden => "temporal_not_allowed",
            Self::Unimplemented => "temporal_unimplemented",
            Self::Internal => "temporal_error",
        }
    }

    /// What Temporal did.
    fn verb(self) -> &'static str {
        match self {
            Self::Unavailable => "cannot be reached",
            Self::DeadlineExceeded => "did not answer in time",
            Self::Busy => "takes no more requests for now",
            Self::NotFound => "does not know it",
            Self::NamespaceNotFound => "does not know the namespace",
            Self::AlreadyExists => "has it already",
            Self::InvalidArgument => "finds the request wrong",
            Self::FailedPrecondition => "cannot do it now",
            Self::Refused => "does not let us in",
            Self::Forbidden => "may not be called",
            Self::Unimplemented => "does not know how",
            Self::Internal => "failed",
        }
    }

    fn of(status: &Status) -> Self {
        match status.code() {
            // A broken transport shows under several codes.
            _ if is_transport(status) => Self::Unavailable,
            Code::Unavailable => Self::Unavailable,
            // The SDK's own deadline is `Cancelled "Timeout expired"`.
            Code::DeadlineExceeded | Code::Cancelled => Self::DeadlineExceeded,
            Code::ResourceExhausted => Self::Busy,
            Code::NotFound if names_namespace(status) => Self::NamespaceNotFound,
            Code::NotFound => Self::NotFound,
            Code::AlreadyExists => Self::AlreadyExists,
            Code::InvalidArgument | Code::OutOfRange => Self::InvalidArgument,
            Code::FailedPrecondition | Code::Aborted => Self::FailedPrecondition,
            Code::PermissionDenied | Code::Unauthenticated => Self::Refused,
            Code::Unimplemented => Self::Unimplemented,
            Code::Internal => http_status(status).map_or(Self::Internal, Self::of_http),
            Code::Ok | Code::Unknown | Code::DataLoss => Self::Internal,
        }
    }

    /// Returns what an answer means that comes from something before the server (http-grpc-status-mapping.md of gRPC).
    fn of_http(status: u16) -> Self {
        match status {
            401 | 403 => Self::Refused,
            404 => Self::Unimplemented,
            429 | 502..=504 => Self::Unavailable,
            _ => Self::Internal,
        }
    }
}

/// Returns whether the transport broke, and not only because the SDK's deadline passed.
pub(super) fn is_transport(status: &Status) -> bool {
    let causes = || std::iter::successors(status.source(), |&error| error.source());
    causes().any(|error| error.is::<tonic::transport::Error>())
        && !causes().any(|error| error.is::<tonic::TimeoutExpired>())
}

/// Returns the HTTP status of an answer whose body is not gRPC. Where there is a body, tonic has it in its message only.
fn http_status(status: &Status) -> Option<u16> {
    let (_, http) = status.message().rsplit_once("while receiving response with status: ")?;
    http.split(' ').next()?.parse().ok()
}

/// Temporal says what is missing in a detail: a namespace, or something in it.
fn names_namespace(status: &Status) -> bool {
    rpc::Status::decode(status.details()).is_ok_and(|status| {
        status.details.iter().any(|detail| detail.type_url.ends_with(".NamespaceNotFoundFailure"))
    })
}

impl fmt::Display for TemporalFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Temporal")?;
        if let Some(server) = &self.server {
            write!(f, " at {server}")?;
        }
        write!(f, " {}", self.kind.verb())?;
        match &self.cause {
            Cause::Bound(bound) => write!(f, " ({bound:?})"),
            // Then the message is the transport's; it follows as the cause.
            _ if matches!(self.kind, FaultKind::Unavailable | FaultKind::DeadlineExceeded) => Ok(()),
            Cause::Status(status) if !status.message().is_empty() => write!(f, ": {}", status.message()),
            Cause::Status(_) | Cause::Connect(_) => Ok(()),
        }
    }
}

impl Error for TemporalFault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Cause::Bound(_) => None,
            Cause::Status(status) => status.source(),
            Cause::Connect(error) => error.source(),
        }
    }
}

impl From<Status> for TemporalFault {
    fn from(status: Status) -> Self {
        Self::new(FaultKind::of(&status), Cause::Status(Arc::new(status)))
    }
}

impl From<ConnectError> for TemporalFault {
    fn from(error: ConnectError) -> Self {
        let (address, kind) = match &error {
            ConnectError::Refused { address, source } => (
                address.clone(),
                match &**source {
                    ClientConnectError::SystemInfoCallError(status) => FaultKind::of(status),
                    ClientConnectError::InvalidHeaders(_)
                    | ClientConnectError::InvalidUri(_)
                    | ClientConnectError::InvalidConfig(_) => FaultKind::Internal,
                    _ => FaultKind::Unavailable,
                },
            ),
            ConnectError::Address { address, source } => (
                address.clone(),
                match **source {
                    ResolveError::Forbidden { .. } => FaultKind::Forbidden,
                    ResolveError::Unknown { .. } => FaultKind::Unavailable,
                },
            ),
            ConnectError::Dial { address, .. }
            | ConnectError::Silent { address, .. }
            | ConnectError::BrokenOff { address } => (address.clone(), FaultKind::Unavailable),
        };
        Self::new(kind, Cause::Connect(error)).at(address)
    }
}

impl From<&TemporalFault> for ProblemResponse {
    fn from(fault: &TemporalFault) -> Self {
        let response = Self::new(fault.problem());
        match fault.retry_after() {
            Some(after) => response.retry_after(after),
            None => response,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(code: Code) -> FaultKind {
        TemporalFault::from(Status::new(code, "reason")).kind()
    }

    #[test]
    fn codes_become_kinds() {
        for (code, expected, status) in [
            (Code::Unavailable, FaultKind::Unavailable, 503),
            (Code::ResourceExhausted, FaultKind::Busy, 503),
            (Code::DeadlineExceeded, FaultKind::DeadlineExceeded, 504),
            (Code::Cancelled, FaultKind::DeadlineExceeded, 504),
            (Code::NotFound, FaultKind::NotFound, 404),
            (Code::AlreadyExists, FaultKind::AlreadyExists, 409),
            (Code::FailedPrecondition, FaultKind::FailedPrecondition, 409),
            (Code::InvalidArgument, FaultKind::InvalidArgument, 400),
            (Code::PermissionDenied, FaultKind::Refused, 502),
            (Code::Unauthenticated, FaultKind::Refused, 502),
            (Code::Unimplemented, FaultKind::Unimplemented, 502),
            (Code::Internal, FaultKind::Internal, 502),
            (Code::Unknown, FaultKind::Internal, 502),
        ] {
            assert_eq!((kind(code), kind(code).http_status()), (expected, status), "{code:?}");
        }
    }

    #[test]
    fn the_sentence_names_the_server_and_its_words() {
        let fault = TemporalFault::from(Status::invalid_argument("WorkflowType is not set on request."))
            .at("host:7233");
        assert_eq!(
            fault.to_string(),
            "Temporal at host:7233 finds the request wrong: WorkflowType is not set on request."
        );
        assert_eq!(fault.problem().code, "temporal_invalid_argument");
    }

    #[test]
    fn only_faults_that_pass_are_to_be_tried_again() {
        for code in [Code::Unavailable, Code::ResourceExhausted] {
            let fault = TemporalFault::from(Status::new(code, ""));
            assert!(fault.retry_after().is_some() && fault.problem().detail.ends_with("try again shortly"));
        }
        for code in [Code::InvalidArgument, Code::Internal, Code::NotFound] {
            assert!(TemporalFault::from(Status::new(code, "")).retry_after().is_none());
        }
    }

    #[test]
    fn our_own_bound_is_a_deadline() {
        let fault = TemporalFault::out_of_time(Duration::from_secs(3));
        assert_eq!(fault.kind(), FaultKind::DeadlineExceeded);
        assert_eq!(fault.to_string(), "Temporal did not answer in time (3s)");
    }
}
