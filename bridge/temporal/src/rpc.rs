//! Calls to Temporal about one run, each with a timeout and typed errors.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bridge_core::Clock;
use bridge_core::model::WorkflowRun;
use bridge_core::ports::EngineError;
use jiff::Timestamp;
use prost::Message;
use temporal::{FaultKind, Method, TemporalConnection, TemporalFault};
use temporalio_common::protos::google::rpc;
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;

use crate::servers::{Servers, place};

/// How long one long poll may last. Temporal itself responds after some 20 s.
pub(crate) const LONG_POLL: Duration = Duration::from_secs(60);

/// Calls about one run.
pub(crate) struct Session<'a> {
    run: &'a WorkflowRun,
    connection: TemporalConnection,
    clock: Arc<dyn Clock>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(servers: &Servers, run: &'a WorkflowRun) -> Result<Self, EngineError> {
        let connection = servers.connection(&run.target)?;
        Ok(Self { run, connection, clock: servers.clock() })
    }

    pub(crate) fn run(&self) -> &'a WorkflowRun {
        self.run
    }

    /// Returns the time now.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn namespace(&self) -> String {
        self.run.target.namespace.as_str().to_owned()
    }

    pub(crate) fn execution(&self) -> Option<WorkflowExecution> {
        self.execution_of(self.run.run_id.as_str())
    }

    /// Returns the execution of another run of the same workflow.
    pub(crate) fn execution_of(&self, run_id: &str) -> Option<WorkflowExecution> {
        Some(WorkflowExecution {
            workflow_id: self.run.workflow_id.as_str().to_owned(),
            run_id: run_id.to_owned(),
        })
    }

    /// Calls Temporal, with `bound` as the timeout. Connects first if necessary.
    pub(crate) async fn call<Q: Method>(
        &self,
        bound: Duration,
        request: Q,
    ) -> Result<Q::Answer, EngineError> {
        self.try_call(bound, request).await.map_err(|fault| self.error(fault, bound))
    }

    /// Calls Temporal as [`Self::call`] does, but returns the fault itself.
    pub(crate) async fn try_call<Q: Method>(
        &self,
        bound: Duration,
        request: Q,
    ) -> Result<Q::Answer, TemporalFault> {
        self.connection.ask(label::<Q>(bound), bound, request).await
    }

    /// Converts a fault of a call.
    pub(crate) fn error(&self, fault: TemporalFault, bound: Duration) -> EngineError {
        let engine = place(&self.run.target);
        let message = fault.status().map_or_else(|| fault.to_string(), |status| status.message().to_owned());
        match fault.kind() {
            FaultKind::Unavailable | FaultKind::Busy => {
                EngineError::Unavailable { engine, source: Arc::new(fault) }
            }
            FaultKind::Forbidden => EngineError::Forbidden { engine },
            FaultKind::DeadlineExceeded => EngineError::DeadlineExceeded { engine, bound },
            FaultKind::NotFound => EngineError::NoSuchWorkflow {
                engine,
                workflow_id: self.run.workflow_id.clone(),
                run_id: self.run.run_id.clone(),
            },
            FaultKind::NamespaceNotFound => EngineError::NoSuchNamespace { engine },
            FaultKind::InvalidArgument => EngineError::InvalidArgument { engine, message },
            FaultKind::FailedPrecondition => EngineError::FailedPrecondition { engine, message },
            FaultKind::Refused => EngineError::PermissionDenied { engine, message },
            _ => EngineError::Other { engine, source: Arc::new(fault) },
        }
    }

    /// Returns the error for an unexpected response of Temporal's.
    pub(crate) fn unexpected(&self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> EngineError {
        EngineError::Other { engine: place(&self.run.target), source: cause.into().into() }
    }
}

/// Returns the name of the method for metrics. Temporal holds long polls open, so they are measured
/// separately.
fn label<Q: Method>(bound: Duration) -> &'static str {
    if bound >= LONG_POLL { "(long poll)" } else { Q::NAME }
}

/// Returns the name of the message with the details of a fault.
pub(crate) fn detail(fault: &TemporalFault) -> Option<String> {
    let details = rpc::Status::decode(fault.status()?.details()).ok()?.details;
    details.first()?.type_url.rsplit('.').next().map(str::to_owned)
}
