//! One invocation: calls the author's function, then starts what it returned. Independent of HTTP.

use std::sync::Arc;
use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use service::origin::carried;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;
use uuid::Uuid;
use workflow_api::{IdReusePolicy, Started, WorkflowId};

use crate::{Client, ClientError, StartContext, StartError, StartRequest, Starter, WorkflowStart};

/// The number of invocations, by client and outcome.
const INVOCATIONS: &str = "workflow_client_invocations_total";
/// The duration of invocations, by client and outcome.
const DURATION: &str = "workflow_client_invocation_duration_seconds";
/// The number of invocations in progress, by client.
const UNDER_WAY: &str = "workflow_client_invocations_under_way";

/// Why an invocation started nothing, or does not know whether it did.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvokeError {
    #[error("{0}")]
    Client(ClientError),
    #[error("the workflow client failed; see its log for the reason")]
    Panicked,
    #[error("the workflow client did not return in time; nothing was started")]
    ClientLate,
    #[error("the start has no task queue; write the worker's in `workflowStartOptions.TaskQueue`")]
    NoTaskQueue,
    #[error(
        "workflow `{}` is running already (run `{}`), and this start does not allow that",
        .0.workflow_id, .0.run_id
    )]
    AlreadyRunning(Started),
    #[error(
        "the idempotency key was used before, with another body, to start workflow `{0}`: nothing was started; use a \
         new key for a new start"
    )]
    KeyReused(WorkflowId),
    #[error("cannot start workflow `{workflow_id}`")]
    Start { workflow_id: WorkflowId, source: StartError },
}

impl InvokeError {
    /// The code of the error, for programs; also the label of the metric.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Client(error) if !error.faults().is_empty() => "invalid_params",
            Self::Client(error) if error.status().is_client_error() => "client_refused",
            Self::Client(_) | Self::Panicked => "client_failed",
            Self::NoTaskQueue => "invalid_spec",
            Self::AlreadyRunning(_) => "workflow_already_running",
            Self::KeyReused(_) => "idempotency_key_reused",
            Self::ClientLate | Self::Start { source: StartError::TimedOut, .. } => "start_timeout",
            Self::Start { source: StartError::IdUsed { .. }, .. } => "workflow_id_used",
            Self::Start { source: StartError::Temporal(fault), .. } => fault.kind().code(),
        }
    }
}

impl InvokeError {
    /// Whether it is certain that this invocation started nothing.
    pub(crate) fn nothing_started(&self) -> bool {
        match self {
            Self::Client(_) | Self::ClientLate | Self::NoTaskQueue => true,
            Self::AlreadyRunning(_) | Self::KeyReused(_) => true,
            Self::Panicked => false,
            Self::Start { source, .. } => source.nothing_started(),
        }
    }
}

/// Invokes clients, each within the start budget.
#[derive(Debug)]
pub(crate) struct Invoker {
    pub(crate) starter: Arc<dyn Starter>,
    pub(crate) budget: Duration,
    /// The invocations in progress, including those whose callers have hung up.
    pub(crate) under_way: TaskTracker,
}

impl Invoker {
    pub(crate) async fn invoke(&self, client: Client, context: StartContext) -> Result<Started, InvokeError> {
        let deadline = Instant::now() + self.budget;
        let starter = Arc::clone(&self.starter);
        let entry = Entry::open(client);
        let invocation = async move {
            let outcome = invoke(&*starter, client, context, deadline).await;
            entry.close(&outcome);
            outcome
        };
        // It continues if the caller hangs up. The panic hook logs a panic.
        self.under_way.spawn(carried(invocation)).await.unwrap_or_else(|_| {
            let outcome = Err(InvokeError::Panicked);
            log(client.name, &outcome);
            outcome
        })
    }
}

async fn invoke(
    starter: &dyn Starter,
    client: Client,
    context: StartContext,
    deadline: Instant,
) -> Result<Started, InvokeError> {
    let key = context.idempotency_key().map(str::to_owned);
    let caller = context.caller().cloned();
    let request_id_of_body = context.request_id_of_body();
    let mut start = timeout_at(deadline, client.call(context))
        .await
        .map_err(|_| InvokeError::ClientLate)
        .and_then(|answer| answer.and_then(WorkflowStart::checked).map_err(InvokeError::Client))?;
    if start.options.task_queue.is_empty() {
        return Err(InvokeError::NoTaskQueue);
    }
    let id_is_of_key = start.options.id.is_empty() && key.is_some();
    if start.options.id.is_empty() {
        start.options.id = made_up_id(client, key.as_deref());
    }
    if id_is_of_key {
        // Whatever run there is, it is of this key.
        start.options.workflow_id_reuse_policy = IdReusePolicy::RejectDuplicate;
        start.id_conflict_policy = None;
    }
    let workflow_id = start.options.id.clone();
    let running_is_an_error = start.running_is_an_error();
    let request_id = if id_is_of_key { request_id_of_body } else { key };
    let request_id = request_id.unwrap_or_else(|| Uuid::new_v4().to_string());
    let request = StartRequest { start, request_id, id_is_of_key, caller, deadline };
    let started = match timeout_at(deadline, starter.start(request)).await {
        Ok(Ok(Started { already_running: true, .. }) | Err(StartError::IdUsed { .. })) if id_is_of_key => {
            return Err(InvokeError::KeyReused(workflow_id));
        }
        Ok(started) => started,
        Err(_) => Err(StartError::TimedOut),
    }
    .map_err(|source| InvokeError::Start { workflow_id, source })?;
    if started.already_running && running_is_an_error {
        return Err(InvokeError::AlreadyRunning(started));
    }
    Ok(started)
}

/// Makes a workflow ID: a UUID, as in Go's SDK (EMCO-API §1.3). With a key, it is made of the key, so that repeats of
/// one start have the same ID: Temporal recognises a repeated request only under the same workflow ID.
fn made_up_id(client: Client, key: Option<&str>) -> WorkflowId {
    key.map_or_else(|| Uuid::new_v4().to_string(), |key| format!("{}-{key}", client.name)).into()
}

/// Describes the metrics of this module to their recorder.
pub(crate) fn describe() {
    describe_counter!(INVOCATIONS, "Invocations of workflow clients, by client and outcome");
    describe_histogram!(
        DURATION,
        Unit::Seconds,
        "Duration of invocations, including the client's code and Temporal, by client and outcome"
    );
    describe_gauge!(UNDER_WAY, "Invocations in progress, by client");
}

/// Records the metrics of an invocation. If it is dropped before `close`, the invocation panicked or was cut off by a
/// shutdown.
struct Entry {
    client: &'static str,
    since: Instant,
    outcome: &'static str,
}

impl Entry {
    fn open(client: Client) -> Self {
        let client = client.name;
        gauge!(UNDER_WAY, "client" => client).increment(1.0);
        Self { client, since: Instant::now(), outcome: InvokeError::Panicked.code() }
    }

    fn close(mut self, outcome: &Result<Started, InvokeError>) {
        self.outcome = log(self.client, outcome);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let Self { client, since, outcome } = *self;
        gauge!(UNDER_WAY, "client" => client).decrement(1.0);
        counter!(INVOCATIONS, "client" => client, "outcome" => outcome).increment(1);
        histogram!(DURATION, "client" => client, "outcome" => outcome).record(since.elapsed());
    }
}

/// Logs the outcome and returns its label.
fn log(client: &'static str, outcome: &Result<Started, InvokeError>) -> &'static str {
    match outcome {
        Ok(Started { workflow_id, run_id, already_running: false }) => {
            tracing::info!(client, %workflow_id, %run_id, "started a workflow");
            "started"
        }
        Ok(Started { workflow_id, run_id, already_running: true }) => {
            tracing::info!(client, %workflow_id, %run_id, "the workflow is running already");
            "already_running"
        }
        Err(error) => {
            let cause = match error {
                InvokeError::Client(error) => error.cause(),
                error => std::error::Error::source(error).map(service::chain),
            };
            tracing::warn!(client, code = error.code(), cause, "{error}");
            error.code()
        }
    }
}
