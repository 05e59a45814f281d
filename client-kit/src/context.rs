//! What a workflow client knows of the request it answers.

use std::sync::Arc;

use temporalio_common::WorkflowDefinition;
use workflow_api::params::Parameters;
use workflow_api::{TemporalSpec, WorkflowType};

use crate::{ClientError, WorkflowStart};

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

    /// The parameters of an activity, or of all ([`WorkflowParams::ALL_ACTIVITIES`]), for a function that knows only now which
    /// it needs; otherwise it takes [`Params`] as an argument.
    ///
    /// # Errors
    /// Every parameter that is missing, unknown or of another type: 422 once the function answers it.
    ///
    /// [`Params`]: crate::Params
    /// [`WorkflowParams::ALL_ACTIVITIES`]: workflow_api::WorkflowParams::ALL_ACTIVITIES
    pub fn params<T: Parameters>(&self, activity: &str) -> Result<T, ClientError> {
        self.spec().workflow_params.read(activity).map_err(ClientError::invalid_params)
    }

    /// The start of a workflow that is written with Temporal's Rust SDK, with the intent's options. The compiler checks the
    /// input: `ctx.start_workflow(EmcoMigrateWorkflow::run, input)`.
    pub fn start_workflow<W: WorkflowDefinition>(&self, workflow: W, input: W::Input) -> WorkflowStart {
        self.start(workflow.name()).with_typed_input(&input)
    }

    /// The start of a workflow of this type, with the intent's options and its `workflowParams` as the one argument.
    /// It is made once the function has answered it.
    pub fn start(&self, workflow_type: impl Into<WorkflowType>) -> WorkflowStart {
        WorkflowStart::of(workflow_type, self.spec().clone())
    }
}
