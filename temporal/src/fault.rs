//! The meaning of Temporal's errors, for every program: kind, sentence, and problem.

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

use super::connect::{ConnectCause, ConnectError};

/// When to retry after Temporal was unavailable or busy.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Why a call to Temporal failed.
#[derive(Debug, Clone)]
pub struct TemporalFault {
    kind: FaultKind,
    server: Option<String>,
    cause: Cause,
    repeated: bool,
}

/// The kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// The server cannot be reached, for now.
    Unavailable,
    /// No response in time.
    DeadlineExceeded,
    /// Temporal limits our request rate.
    Busy,
    /// No such workflow, run or schedule.
    NotFound,
    /// No such namespace: the settings are wrong, not the request.
    NamespaceNotFound,
    /// A workflow with this ID exists already.
    AlreadyExists,
    /// The request is not valid.
    InvalidArgument,
    /// The request is valid, but not in the current state.
    FailedPrecondition,
    /// Our credentials are missing, wrong or not sufficient.
    Refused,
    /// The host resolves to an address that is never dialled.
    Forbidden,
    /// The server is too old for the call.
    Unimplemented,
    /// Any other fault.
    Internal,
}

#[derive(Debug, Clone)]
enum Cause {
    /// Our own timeout.
    Bound(Duration),
    Status(Arc<Status>),
    Connect(ConnectError),
}

impl TemporalFault {
    fn new(kind: FaultKind, cause: Cause) -> Self {
        Self { kind, server: None, cause, repeated: false }
    }

    /// Returns the fault of a call that exceeded our own timeout.
    pub(super) fn out_of_time(bound: Duration) -> Self {
        Self::new(FaultKind::DeadlineExceeded, Cause::Bound(bound))
    }

    /// Marks the fault of a call that was repeated, because the connection broke at the first try.
    pub(super) fn repeated(mut self) -> Self {
        self.repeated = true;
        self
    }

    /// Returns whether the call was repeated, because the connection broke. Temporal may have done it at the first
    /// try, whatever it responded to the second.
    pub fn is_repeated(&self) -> bool {
        self.repeated
    }

    /// Returns the kind of the fault.
    pub fn kind(&self) -> FaultKind {
        self.kind
    }

    /// Adds the server (`host:port`) to the sentence.
    #[must_use]
    pub fn at(mut self, server: impl Into<String>) -> Self {
        self.server = Some(server.into());
        self
    }

    /// Returns the server's response, if there is one: code, message, details.
    pub fn status(&self) -> Option<&Status> {
        match &self.cause {
            Cause::Status(status) => Some(status),
            Cause::Connect(ConnectError { cause: ConnectCause::Refused(refusal), .. }) => match &**refusal {
                ClientConnectError::SystemInfoCallError(status) => Some(status),
                _ => None,
            },
            Cause::Bound(_) | Cause::Connect(_) => None,
        }
    }

    /// Returns whether certainly nothing was sent, because there was no connection.
    pub fn nothing_sent(&self) -> bool {
        matches!(self.cause, Cause::Connect(_))
    }

    /// Returns whether the connection broke, for another reason than the SDK's deadline.
    pub(super) fn is_transport(&self) -> bool {
        matches!(&self.cause, Cause::Status(status) if is_transport(status))
    }

    /// Returns when to retry, if a retry may help.
    pub fn retry_after(&self) -> Option<Duration> {
        matches!(self.kind, FaultKind::Unavailable | FaultKind::Busy).then_some(RETRY_AFTER)
    }

    /// Returns the fault as a problem: its status, its stable code, its sentence.
    pub fn problem(&self) -> Problem {
        let advice = if self.retry_after().is_some() { "; try again shortly" } else { "" };
        Problem::new(self.kind.http_status(), self.kind.code(), format!("{self}{advice}"))
    }
}

impl FaultKind {
    /// Returns the HTTP status of a response that fails by it. A fault between us and Temporal is not the
    /// caller's: 502 to 504.
    pub fn http_status(self) -> u16 {
        self.row().0
    }

    /// Returns its stable code in problems.
    pub fn code(self) -> &'static str {
        self.row().1
    }

    /// Returns the HTTP status, the code, and the verb of the sentence.
    fn row(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::InvalidArgument => (400, "temporal_invalid_argument", "rejects the request"),
            Self::Forbidden => (403, "temporal_not_allowed", "may not be called"),
            Self::NotFound => (404, "workflow_not_found", "does not know it"),
            Self::AlreadyExists => (409, "workflow_already_exists", "has it already"),
            Self::FailedPrecondition => (409, "temporal_failed_precondition", "cannot do it now"),
            Self::NamespaceNotFound => (502, "temporal_namespace_not_found", "does not know the namespace"),
            Self::Refused => (502, "temporal_refused", "rejects our credentials"),
            Self::Unimplemented => (502, "temporal_unimplemented", "does not support the call"),
            Self::Internal => (502, "temporal_error", "failed"),
            Self::Unavailable => (503, "temporal_unavailable", "cannot be reached"),
            Self::Busy => (503, "temporal_busy", "accepts no more requests for now"),
            Self::DeadlineExceeded => (504, "temporal_timeout", "did not answer in time"),
        }
    }

    fn of(status: &Status) -> Self {
        match status.code() {
            // A broken transport appears with several codes.
            _ if is_transport(status) => Self::Unavailable,
            // The SDK's own deadline is `Cancelled "Timeout expired"`; any other end was not ours.
            Code::Cancelled if is_deadline(status) => Self::DeadlineExceeded,
            Code::Unavailable | Code::Cancelled => Self::Unavailable,
            Code::DeadlineExceeded => Self::DeadlineExceeded,
            Code::ResourceExhausted => Self::Busy,
            Code::NotFound if names_namespace(status) => Self::NamespaceNotFound,
            Code::NotFound => Self::NotFound,
            Code::AlreadyExists => Self::AlreadyExists,
            Code::InvalidArgument | Code::OutOfRange => Self::InvalidArgument,
            Code::FailedPrecondition | Code::Aborted => Self::FailedPrecondition,
            Code::PermissionDenied | Code::Unauthenticated => Self::Refused,
            Code::Unimplemented => Self::Unimplemented,
            Code::Internal | Code::Unknown => http_status(status).map_or(Self::Internal, Self::of_http),
            Code::Ok | Code::DataLoss => Self::Internal,
        }
    }

    /// Returns the meaning of a response from a proxy in front of the server (http-grpc-status-mapping.md of
    /// gRPC).
    fn of_http(status: u16) -> Self {
        match status {
            401 | 403 => Self::Refused,
            404 => Self::Unimplemented,
            429 | 502..=504 => Self::Unavailable,
            _ => Self::Internal,
        }
    }
}

/// Returns whether the transport broke, for another reason than the SDK's deadline.
pub(super) fn is_transport(status: &Status) -> bool {
    causes(status).any(|error| error.is::<tonic::transport::Error>()) && !is_deadline(status)
}

fn is_deadline(status: &Status) -> bool {
    causes(status).any(|error| error.is::<tonic::TimeoutExpired>()) || status.message() == "Timeout expired"
}

fn causes(status: &Status) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(status.source(), |&error| error.source())
}

/// Returns the HTTP status of a response that is not gRPC: with a body, and without. Only tonic's message has
/// it.
fn http_status(status: &Status) -> Option<u16> {
    const BEFORE: [&str; 2] = ["while receiving response with status: ", "mapped from HTTP status code "];
    let http = BEFORE.iter().find_map(|before| Some(status.message().rsplit_once(before)?.1))?;
    http.split(' ').next()?.parse().ok()
}

/// Returns whether a namespace is missing, and not something in it. Temporal puts that into a detail.
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
        write!(f, " {}", self.kind.row().2)?;
        if let Some(http) = self.status().and_then(http_status) {
            return write!(f, ": something in front of it responded with HTTP {http}");
        }
        match &self.cause {
            Cause::Bound(bound) => write!(f, " ({bound:?})"),
            Cause::Status(status) if status.code() == Code::Cancelled && !is_deadline(status) => {
                f.write_str(": it, or something in front of it, cancelled the call")
            }
            // The message is the transport's, and follows as the cause.
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
        let kind = match &error.cause {
            ConnectCause::Refused(refusal) => match &**refusal {
                ClientConnectError::SystemInfoCallError(status) => FaultKind::of(status),
                ClientConnectError::InvalidHeaders(_)
                | ClientConnectError::InvalidUri(_)
                | ClientConnectError::InvalidConfig(_) => FaultKind::Internal,
                _ => FaultKind::Unavailable,
            },
            ConnectCause::TooMany(_) => FaultKind::Busy,
            ConnectCause::Address(unresolved) if matches!(**unresolved, ResolveError::Forbidden { .. }) => {
                FaultKind::Forbidden
            }
            _ => FaultKind::Unavailable,
        };
        let server = error.address.clone();
        Self::new(kind, Cause::Connect(error)).at(server)
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
