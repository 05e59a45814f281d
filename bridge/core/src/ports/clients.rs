//! Workflow clients, which start workflows (EMCO-API §2.1).

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use url::Url;
use workflow_api::{Catalogue, ClientEndpoint, RunId, TemporalSpec, WorkflowId};

use crate::request::Correlation;

/// How much of a refusing client's text is kept.
pub const REFUSAL_TEXT: usize = 1024;

/// Calls workflow clients.
#[async_trait]
pub trait Clients: std::fmt::Debug + Send + Sync {
    /// Prepares a call that gives `spec` to the client at `endpoint`. Sends nothing.
    ///
    /// # Errors
    /// When there is no such endpoint.
    fn prepare(
        &self,
        endpoint: &ClientEndpoint,
        spec: &TemporalSpec,
        idempotency_key: &str,
        correlation: &Correlation,
    ) -> Result<Invocation, ClientError>;

    /// Asks the client once to start the workflow. It may take as long as `within`.
    async fn invoke(&self, call: &Invocation, within: Duration) -> Result<Accepted, ClientError>;

    /// Returns whether the client of `call` answers a repeat under the same key with the same run. Asks the client that is there
    /// now: it may have been replaced since it was asked before.
    async fn takes_keys(&self, call: &Invocation, within: Duration) -> Result<bool, ClientError>;

    /// Returns the catalogue of the workflow clients at `endpoint`; `None` where they have none, as those written for EMCO.
    async fn catalogue(
        &self,
        endpoint: &ClientEndpoint,
        within: Duration,
    ) -> Result<Option<Catalogue>, ClientError>;
}

/// A call that can be made, more than once.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The URL.
    pub url: Url,
    /// The body, as EMCO writes it.
    pub body: Bytes,
    /// What makes a repeated call the same start; a client written for EMCO does not heed it.
    pub idempotency_key: String,
    /// The request that the call belongs to.
    pub correlation: Correlation,
}

/// What a workflow client reports of the workflow that it started. One written for EMCO reports nothing.
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
    /// The operator or a rule of ours forbids this host. Nothing was sent.
    #[error("the workflow client's host `{host}` may not be called: {reason}")]
    Forbidden {
        /// Host and port.
        host: String,
        /// Which rule forbids it, and what to do.
        reason: &'static str,
    },
    /// No connection. Nothing was sent.
    #[error(
        "the workflow client at {url} cannot be reached; is it running, and is the intent's clientEndpoint right?"
    )]
    Unreachable {
        /// The URL that was called.
        url: String,
        /// Why there is no connection.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It answered, but not that it accepts.
    #[error("the workflow client at {url} answered {answer}{}", text_after_colon(.text))]
    Refused {
        /// The URL that was called.
        url: String,
        /// The HTTP status of its response.
        status: u16,
        /// Its status line: status and reason.
        answer: String,
        /// The beginning of its text.
        text: String,
        /// Whether it reported that nothing was started (`Start-Outcome: none`, as ours do).
        nothing_started: bool,
    },
    /// It was asked, but no response came in time: it may have started the workflow.
    #[error("the workflow client at {url} did not answer within {bound:.0?}")]
    TimedOut {
        /// The URL that was called.
        url: String,
        /// The time that it was given.
        bound: Duration,
    },
    /// It was asked, but the connection broke before the response: it may have started the workflow.
    #[error("the connection to the workflow client at {url} broke before it answered")]
    AnswerLost {
        /// The URL that was called.
        url: String,
        /// How it broke.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl ClientError {
    /// Whether it is certain that this call started nothing.
    #[must_use]
    pub fn nothing_started(&self) -> bool {
        match self {
            Self::Forbidden { .. } | Self::Unreachable { .. } => true,
            // These come from a gateway before the client, or from a client that did not hear from Temporal.
            Self::Refused { status, nothing_started, .. } => *nothing_started || !is_of_a_gateway(*status),
            Self::TimedOut { .. } | Self::AnswerLost { .. } => false,
        }
    }
}

/// Whether an HTTP status may come from a gateway before the client, which does not know what the client did.
#[must_use]
pub fn is_of_a_gateway(status: u16) -> bool {
    matches!(status, 502..=504)
}

impl ClientError {
    /// Whether the client refuses what it was asked: it would refuse it again.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { status: 400..=499, .. })
    }
}

fn text_after_colon(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}
