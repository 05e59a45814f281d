//! The port to workflow clients, and its implementation: one bounded `POST /invoke/<name>` (EMCO-API §2.1).

mod client;
mod secured;

use std::time::Duration;

use async_trait::async_trait;
use axum::body::Bytes;
use http::StatusCode;
use url::Url;
use workflow_api::{Catalogue, ClientEndpoint, RunId, TemporalSpec, WorkflowId};

pub use client::HttpInvoke;
pub use secured::{SecuredClients, SecuredClientsError};

/// How much of a refusing client's text is kept.
pub const REFUSAL_TEXT: usize = 1024;

/// Whoever can ask a workflow client to start a workflow.
#[async_trait]
pub trait Invoke: std::fmt::Debug + Send + Sync {
    /// Makes a call ready: the client at `endpoint` is to be told `spec`. Nothing is sent.
    ///
    /// # Errors
    /// When there is no such endpoint.
    fn prepare(
        &self,
        endpoint: &ClientEndpoint,
        spec: &TemporalSpec,
        idempotency_key: &str,
    ) -> Result<Invocation, InvokeError>;

    /// Asks once; the client may take so long.
    async fn invoke(&self, call: &Invocation, within: Duration) -> Result<Accepted, InvokeError>;

    /// Whether the client of `call` leads a repeat under the same key to the same run. Asks the client that is there now:
    /// what was there yesterday may have been of another kind.
    async fn takes_keys(&self, call: &Invocation, within: Duration) -> Result<bool, InvokeError>;

    /// What the workflow clients at `endpoint` say of themselves; `None` where they say nothing, as those written for EMCO.
    async fn catalogue(
        &self,
        endpoint: &ClientEndpoint,
        within: Duration,
    ) -> Result<Option<Catalogue>, InvokeError>;
}

/// A call that is ready to be made, once or again.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// What is called.
    pub url: Url,
    /// What the client is told, as EMCO writes it.
    pub body: Bytes,
    /// What makes a repeated call the same start; a client written for EMCO does not heed it.
    pub idempotency_key: String,
}

/// What a workflow client told of the workflow that it started. One written for EMCO tells nothing.
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
#[non_exhaustive]
pub enum InvokeError {
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
        /// What was called.
        url: String,
        /// Why there is no connection.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It answered, but not that it accepts.
    #[error("the workflow client at {url} answered {status}{}", text_after_colon(.text))]
    Refused {
        /// What was called.
        url: String,
        /// What it answered.
        status: StatusCode,
        /// The beginning of its text.
        text: String,
        /// Whether it said that nothing was started (`Start-Outcome: none`, as ours do).
        nothing_started: bool,
    },
    /// It was told, but no answer came in time: it may have started the workflow.
    #[error("the workflow client at {url} did not answer within {bound:.0?}")]
    TimedOut {
        /// What was called.
        url: String,
        /// The time that it was given.
        bound: Duration,
    },
    /// It was told, but the connection broke before the answer: it may have started the workflow.
    #[error("the connection to the workflow client at {url} broke before it answered")]
    AnswerLost {
        /// What was called.
        url: String,
        /// How it broke.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl InvokeError {
    /// Whether it is certain that this call started nothing.
    pub fn nothing_started(&self) -> bool {
        match self {
            Self::Forbidden { .. } | Self::Unreachable { .. } => true,
            // These come from a gateway before the client, or from a client that did not hear from Temporal.
            Self::Refused { status, nothing_started, .. } => *nothing_started || !is_of_a_gateway(*status),
            Self::TimedOut { .. } | Self::AnswerLost { .. } => false,
        }
    }
}

/// Whether a status may come from a gateway before the client, which cannot say what the client did.
fn is_of_a_gateway(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT)
}

fn text_after_colon(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}
