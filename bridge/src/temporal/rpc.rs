//! Calls to Temporal about one run: each with a bound, and with errors that say what they mean.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use temporal::{FaultKind, Method, TemporalConnection, TemporalConnections, TemporalFault, TemporalTarget};
use temporalio_common::protos::google::rpc;
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;

use super::follow::LONG_POLL;
use super::{EngineError, WorkflowRun};

/// What is asked about one run.
pub(super) struct Session<'a> {
    run: &'a WorkflowRun,
    connection: TemporalConnection,
}

impl<'a> Session<'a> {
    pub(super) fn new(connections: &TemporalConnections, run: &'a WorkflowRun) -> Self {
        Self { run, connection: connections.get(&run.target) }
    }

    pub(super) fn run(&self) -> &'a WorkflowRun {
        self.run
    }

    pub(super) fn namespace(&self) -> String {
        self.run.target.namespace().to_owned()
    }

    pub(super) fn execution(&self) -> Option<WorkflowExecution> {
        self.execution_of(self.run.run_id.as_str())
    }

    /// As [`Self::execution`], for another run of the same workflow.
    pub(super) fn execution_of(&self, run_id: &str) -> Option<WorkflowExecution> {
        Some(WorkflowExecution {
            workflow_id: self.run.workflow_id.as_str().to_owned(),
            run_id: run_id.to_owned(),
        })
    }

    /// Asks Temporal, after connecting if need be, and takes no answer after `bound`.
    pub(super) async fn call<Q: Method>(
        &self,
        bound: Duration,
        request: Q,
    ) -> Result<Q::Answer, EngineError> {
        self.try_call(bound, request).await.map_err(|fault| self.error(fault, bound))
    }

    /// As [`Self::call`], for callers that read Temporal's refusals themselves.
    pub(super) async fn try_call<Q: Method>(
        &self,
        bound: Duration,
        request: Q,
    ) -> Result<Q::Answer, TemporalFault> {
        self.connection.ask(label::<Q>(bound), bound, request).await
    }

    /// What a failed call means.
    pub(super) fn error(&self, fault: TemporalFault, bound: Duration) -> EngineError {
        let target = place(&self.run.target);
        let message = fault.status().map_or_else(|| fault.to_string(), |status| status.message().to_owned());
        match fault.kind() {
            FaultKind::Unavailable | FaultKind::Busy => {
                EngineError::Unavailable { target, source: Arc::new(fault) }
            }
            FaultKind::Forbidden => EngineError::Forbidden { target },
            FaultKind::DeadlineExceeded => EngineError::DeadlineExceeded { target, bound },
            FaultKind::NotFound => EngineError::NoSuchWorkflow {
                target,
                workflow_id: self.run.workflow_id.clone(),
                run_id: self.run.run_id.clone(),
            },
            FaultKind::NamespaceNotFound => EngineError::NoSuchNamespace { target },
            FaultKind::InvalidArgument | FaultKind::FailedPrecondition => {
                EngineError::InvalidArgument { target, message }
            }
            FaultKind::Refused => EngineError::PermissionDenied { target, message },
            _ => EngineError::Other { target, source: Arc::new(fault) },
        }
    }

    /// What Temporal answered makes no sense to us.
    pub(super) fn unexpected(&self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> EngineError {
        EngineError::Other { target: place(&self.run.target), source: cause.into().into() }
    }
}

/// The method, for measures. Polls are held by Temporal, so they are measured as a method of their own.
fn label<Q: Method>(bound: Duration) -> &'static str {
    if bound >= LONG_POLL { "(long poll)" } else { Q::NAME }
}

/// The name of the message in which Temporal gives the details of a refusal.
pub(super) fn detail(fault: &TemporalFault) -> Option<String> {
    let details = rpc::Status::decode(fault.status()?.details()).ok()?.details;
    details.first()?.type_url.rsplit('.').next().map(str::to_owned)
}

/// A target in texts for people.
pub(super) fn place(target: &TemporalTarget) -> String {
    format!("{} (namespace `{}`)", target.address(), target.namespace())
}
