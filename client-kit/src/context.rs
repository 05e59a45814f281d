//! What a workflow client is, and what it knows of the request that it answers.

use std::pin::Pin;
use std::sync::Arc;

use temporalio_common::WorkflowDefinition;
use workflow_api::params::{Parameters, ParamsSchema};
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

    /// The start of the workflow that the client `C` declares, on the task queue that it declares, else on the intent's:
    /// `ctx.start_of::<migrate>()` in a function `migrate` under `#[workflow_client(workflow = "…", task_queue = "…")]`. The
    /// intent's options and its `workflowParams` go with it, as in [`Self::start`].
    pub fn start_of<C: Declares>(&self) -> WorkflowStart {
        let start = self.start(C::WORKFLOW.unwrap_or_default());
        match C::TASK_QUEUE {
            Some(queue) => start.on_task_queue(queue),
            None => start,
        }
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

/// What a workflow client answers, in the end.
pub type Answering = Pin<Box<dyn Future<Output = Result<WorkflowStart, ClientError>> + Send>>;

/// The schemas by which a client reads parameters, each with the activity whose they are.
pub type Schemas = Vec<(&'static str, &'static ParamsSchema)>;

/// A function annotated with `#[workflow_client]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no workflow client",
    note = "`clients![…]` lists functions annotated with `#[workflow_client]`"
)]
pub trait WorkflowClient {
    /// The last segment of its path.
    const NAME: &'static str;
    /// The first paragraph of its documentation.
    const SUMMARY: &'static str = "";
    /// The workflow type that it declares.
    const WORKFLOW: Option<&'static str> = None;
    /// The task queue that it declares.
    const TASK_QUEUE: Option<&'static str> = None;

    /// The schemas of its arguments.
    fn schemas() -> Schemas;

    /// Calls it.
    fn invoke(context: StartContext) -> Answering;
}

/// A workflow client that declares which workflow it starts.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not declare which workflow it starts",
    note = "declare it: `#[workflow_client(workflow = \"…\")]`"
)]
pub trait Declares: WorkflowClient {}
