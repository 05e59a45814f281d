//! Workflow clients, which start workflows (EMCO-API §2.1).

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use url::Url;
use workflow_api::{Catalogue, ClientEndpoint, Fault, RunId, TemporalSpec, WorkflowId};

use crate::request::Cause;

/// Calls workflow clients.
#[async_trait]
pub trait Clients: std::fmt::Debug + Send + Sync {
    /// Prepares a call that sends `spec` to the client at `endpoint`. Sends nothing yet.
    ///
    /// # Errors
    /// Returns an error if there is no such endpoint.
    fn prepare(
        &self,
        endpoint: &ClientEndpoint,
        spec: &TemporalSpec,
        idempotency_key: &str,
        cause: &Cause,
    ) -> Result<Invocation, ClientError>;

    /// Calls the client once to start the workflow, with `within` as the timeout.
    async fn invoke(&self, call: &Invocation, within: Duration) -> Result<Accepted, ClientError>;

    /// Returns whether the client of `call` responds to a repeat with the same key with the same run. Asks
    /// the current client, because it may have been replaced since the last time.
    async fn takes_keys(&self, call: &Invocation, within: Duration) -> Result<bool, ClientError>;

    /// Returns the catalogue of the workflow clients at `endpoint`; `None` if they have none, like those
    /// written for EMCO.
    async fn catalogue(
        &self,
        endpoint: &ClientEndpoint,
        within: Duration,
    ) -> Result<Option<Catalogue>, ClientError>;
}

/// A prepared call. It can be made more than once.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The URL.
    pub url: Url,
    /// The body, as EMCO writes it.
    pub body: Bytes,
    /// The key that makes repeated calls one start. A client written for EMCO ignores it.
    pub idempotency_key: String,
    /// What the call is made for.
    pub cause: Cause,
}

/// The data that a workflow client reports about the workflow that it started. A client written for EMCO
/// reports nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    /// The workflow.
    pub workflow_id: Option<WorkflowId>,
    /// The run.
    pub run_id: Option<RunId>,
    /// Whether it was running before.
    pub already_running: Option<bool>,
}

/// Why a workflow client did not accept a start.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The operator or a built-in rule forbids this host. Nothing was sent.
    #[error("the workflow client's host `{host}` is not allowed: {reason}")]
    Forbidden {
        /// Host and port.
        host: String,
        /// The rule that forbids it, and what to do.
        reason: &'static str,
    },
    /// The connection failed. Nothing was sent.
    #[error(
        "the workflow client at {url} cannot be reached; is it running, and is the intent's clientEndpoint right?"
    )]
    Unreachable {
        /// The URL that was called.
        url: String,
        /// Why the connection failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no token for the call. Nothing was sent.
    #[error(
        "there is no token to call the workflow client at {url}; try again when its token endpoint responds"
    )]
    NoToken {
        /// The URL that was to be called.
        url: String,
        /// Why there is none.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The client responded with a rejection.
    #[error("the workflow client at {url} responded {answer}{}", text_after_colon(.text))]
    Refused {
        /// The URL that was called.
        url: String,
        /// The HTTP status of its response.
        status: u16,
        /// Its status line: status and reason.
        answer: String,
        /// The beginning of its text; empty if it does not have the format of a workflow client's errors.
        text: String,
        /// The faults that it found, by path in the intent.
        faults: Vec<Fault>,
        /// Whether the client reported that nothing was started (`Start-Outcome: none`, which only our own
        /// clients send).
        nothing_started: bool,
    },
    /// The call was sent, but no response came in time. The client may have started the workflow.
    #[error("the workflow client at {url} did not respond within {bound:.0?}")]
    TimedOut {
        /// The URL that was called.
        url: String,
        /// The timeout.
        bound: Duration,
    },
    /// The call was sent, but the connection broke before the response. The client may have started the
    /// workflow.
    #[error("the connection to the workflow client at {url} broke before its response")]
    AnswerLost {
        /// The URL that was called.
        url: String,
        /// How it broke.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl ClientError {
    /// Returns whether it is certain that this call started nothing.
    #[must_use]
    pub fn nothing_started(&self) -> bool {
        match self {
            Self::Forbidden { .. } | Self::Unreachable { .. } | Self::NoToken { .. } => true,
            // A client that does not exist, or does not take this method, starts nothing. Any other response
            // may come after the start: EMCO's client responds 500 even if it lost Temporal's response.
            Self::Refused { status, nothing_started, .. } => *nothing_started || matches!(status, 404 | 405),
            Self::TimedOut { .. } | Self::AnswerLost { .. } => false,
        }
    }

    /// Returns whether the client itself has responded, so that it no longer works on this call.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if !is_of_a_gateway(*status))
    }

    /// Returns whether the response reports a failure of the server.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Refused { status: 500.., .. })
    }

    /// Returns whether the client rejects the content of the call, so that it has rejected every call with
    /// this content.
    #[must_use]
    pub fn rejects_content(&self) -> bool {
        matches!(self, Self::Refused { status: 400 | 409 | 413 | 415 | 422, nothing_started: true, .. })
    }
}

/// Returns whether an HTTP status may come from a gateway before the client. A gateway does not know what the
/// client did.
#[must_use]
pub fn is_of_a_gateway(status: u16) -> bool {
    matches!(status, 502..=504)
}

fn text_after_colon(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}
