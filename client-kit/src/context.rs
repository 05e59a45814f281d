//! What a workflow client is, and what it knows of its request.

use std::pin::Pin;
use std::sync::Arc;

use temporalio_common::WorkflowDefinition;
use workflow_api::params::{Parameters, ParamsSchema};
use workflow_api::{Caller, Declaration, TaskQueue, TemporalSpec, WorkflowType};

use crate::{ClientError, WorkflowStart};

/// The request to a workflow client. It can describe a start, and nothing else: it has nothing to wait for.
#[derive(Debug, Clone)]
pub struct StartContext {
    request: Arc<Request>,
}

#[derive(Debug)]
struct Request {
    spec: TemporalSpec,
    key: Option<Key>,
    caller: Option<Caller>,
}

/// An `Idempotency-Key`, and the body with which it was sent.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) text: String,
    /// The hash of the body.
    pub(crate) fingerprint: String,
}

impl StartContext {
    /// Creates a context as a server does, for calling a workflow client in a test.
    #[must_use]
    pub fn new(spec: TemporalSpec) -> Self {
        Self::of_request(spec, None, None)
    }

    pub(crate) fn of_request(spec: TemporalSpec, key: Option<Key>, caller: Option<Caller>) -> Self {
        Self { request: Arc::new(Request { spec, key, caller }) }
    }

    /// The options and parameters of the start, from the intent.
    #[must_use]
    pub fn spec(&self) -> &TemporalSpec {
        &self.request.spec
    }

    /// The caller's `Idempotency-Key`.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.request.key.as_ref().map(|key| key.text.as_str())
    }

    /// On whose behalf the workflow is started: whom a trusted bridge names, else the caller itself; `None` if it has
    /// proven nothing. Activities of our workers know it without the function's doing.
    #[must_use]
    pub fn caller(&self) -> Option<&Caller> {
        self.request.caller.as_ref()
    }

    /// Returns the request ID of a start whose workflow ID is made of the key: the same for the same body.
    pub(crate) fn request_id_of_body(&self) -> Option<String> {
        self.request.key.as_ref().map(|Key { text, fingerprint }| format!("{text}-{fingerprint}"))
    }

    /// Reads the parameters of an activity, or of all ([`WorkflowParams::ALL_ACTIVITIES`]). For functions that choose
    /// the activity while they run. Others take [`Params`] as an argument.
    ///
    /// # Errors
    /// Each parameter that is missing, unknown or of another type. The response is 422 if the function
    /// returns this error.
    ///
    /// [`Params`]: crate::Params
    /// [`WorkflowParams::ALL_ACTIVITIES`]: workflow_api::WorkflowParams::ALL_ACTIVITIES
    pub fn params<T: Parameters>(&self, activity: &str) -> Result<T, ClientError> {
        self.spec().workflow_params.read(activity).map_err(ClientError::invalid_params)
    }

    /// Returns the start of the workflow that the client `C` declares, on the task queue that it declares, or else on
    /// the intent's: `ctx.start_of::<migrate>()` in a function `migrate` with `#[workflow_client(declaration = …)]` or
    /// `#[workflow_client(workflow = "…", task_queue = "…")]`. It has the intent's options and `workflowParams`, as in
    /// [`Self::start`].
    pub fn start_of<C: Declares>(&self) -> WorkflowStart {
        let start = self.start(C::workflow().unwrap_or_default());
        match C::task_queue() {
            Some(queue) => start.on_task_queue(queue),
            None => start,
        }
    }

    /// Returns the start of a workflow that is written with Temporal's Rust SDK, with the intent's options. The
    /// compiler checks the input: `ctx.start_workflow(EmcoMigrateWorkflow::run, input)`.
    pub fn start_workflow<W: WorkflowDefinition>(&self, workflow: W, input: W::Input) -> WorkflowStart {
        self.start(workflow.name()).with_typed_input(&input)
    }

    /// Returns the start of a workflow of this type, with the intent's options and its `workflowParams` as the one
    /// argument. The workflow is started after the function has returned this.
    pub fn start(&self, workflow_type: impl Into<WorkflowType>) -> WorkflowStart {
        WorkflowStart::of(workflow_type, self.spec().clone())
    }
}

/// What a workflow client returns, in the end.
pub type Answering = Pin<Box<dyn Future<Output = Result<WorkflowStart, ClientError>> + Send>>;

/// The schemas of a client's parameters, each with its activity.
pub type Schemas = Vec<(&'static str, &'static ParamsSchema)>;

/// A function annotated with `#[workflow_client]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a workflow client",
    note = "`clients![…]` lists functions annotated with `#[workflow_client]`"
)]
pub trait WorkflowClient {
    /// The last segment of its path.
    const NAME: &'static str;
    /// The first paragraph of its documentation.
    const SUMMARY: &'static str = "";

    /// Returns the declaration of the workflow that it starts.
    fn declaration() -> Option<&'static Declaration> {
        None
    }

    /// Returns the workflow type that it declares.
    fn workflow() -> Option<&'static str> {
        Self::declaration().map(|declaration| declaration.workflow)
    }

    /// Returns the task queue that it declares.
    fn task_queue() -> Option<TaskQueue> {
        Self::declaration().map(|declaration| declaration.task_queue.into())
    }

    /// The schemas of its arguments.
    fn schemas() -> Schemas;

    /// Calls it.
    fn invoke(context: StartContext) -> Answering;
}

/// A workflow client that declares which workflow it starts.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not declare which workflow it starts",
    note = "declare it: `#[workflow_client(declaration = …)]` or `#[workflow_client(workflow = \"…\")]`"
)]
pub trait Declares: WorkflowClient {}
