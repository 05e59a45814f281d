//! What a workflow client knows of the request it answers.

use std::sync::Arc;

use workflow_api::{TemporalSpec, WorkflowType};

use crate::WorkflowStart;

/// The request that a workflow client answers. It can describe a start, and nothing else: there is nothing to wait on.
#[derive(Debug, Clone)]
pub struct StartContext {
    request: Arc<Request>,
}

#[derive(Debug)]
struct Request {
    spec: TemporalSpec,
    idempotency_key: Option<String>,
}

impl StartContext {
    /// A context as a server makes it, for calling a workflow client in a test.
    #[must_use]
    pub fn new(spec: TemporalSpec) -> Self {
        Self::with_key(spec, None)
    }

    pub(crate) fn with_key(spec: TemporalSpec, idempotency_key: Option<String>) -> Self {
        Self { request: Arc::new(Request { spec, idempotency_key }) }
    }

    /// What the intent says: options and parameters of the start.
    #[must_use]
    pub fn spec(&self) -> &TemporalSpec {
        &self.request.spec
    }

    /// The caller's `Idempotency-Key`.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.request.idempotency_key.as_deref()
    }

    /// The start of a workflow of this type, with the intent's options and its `workflowParams` as the one argument.
    /// It is made once the function has answered it.
    pub fn start(&self, workflow_type: impl Into<WorkflowType>) -> WorkflowStart {
        WorkflowStart::of(workflow_type, self.spec().clone())
    }
}
