//! The worker for escalations: as small as possible, and running only while there are some.

use std::sync::Arc;
use std::time::Duration;

use bridge_core::ports::{Engine, EngineError, Targets};
use service::shutdown::Shutdown;
use temporal::ConnectError;
use temporalio_client::Client;
use temporalio_sdk::runtime::worker_tuner::{FixedSizeSlotSupplier, TunerHolder};
use temporalio_sdk::runtime::{PollerBehavior, RuntimeOptions};
use temporalio_sdk::{
    Runtime, RuntimeError, Worker, WorkerCreateError, WorkerOptions, WorkerRunError,
    WorkflowRegistrationError,
};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};

use super::activities::EscalationActivities;
use super::workflow::EscalateCancel;

/// The task queue of the bridge's replicas.
pub(super) const TASK_QUEUE: &str = "emco-bridge";
/// Activities only wait or make one call, so they need no time to finish.
const GRACE: Duration = Duration::from_secs(1);
/// Escalations are few and short. A workflow that is not cached is replayed.
const CACHED: usize = 20;
/// Every escalation watches its run with one more wait. A watch must never delay a termination.
const WATCHED: usize = 10_000;

/// The parts that the worker works with.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) targets: Arc<dyn Targets>,
    pub(super) shutdown: Shutdown,
}

/// Why a worker stopped.
#[derive(Debug, thiserror::Error)]
pub(super) enum Breakdown {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("the Temporal SDK cannot be started")]
    Runtime(#[from] RuntimeError),
    #[error("the escalation workflow cannot be registered")]
    Register(#[from] WorkflowRegistrationError),
    #[error("the options of the escalation worker cannot be used")]
    Options(#[from] WorkerCreateError),
    #[error("the escalation worker failed")]
    Run(#[from] WorkerRunError),
    #[error("the thread of the escalation worker failed")]
    Thread(#[from] JoinError),
}

/// A running worker.
#[derive(Debug)]
pub(super) struct Working {
    /// Stops the worker when dropped.
    pub(super) stop: oneshot::Sender<()>,
    pub(super) ended: JoinHandle<Result<(), Breakdown>>,
}

/// Starts a worker. The SDK's worker cannot move between threads, so it gets a thread of its own.
pub(super) fn start(client: Client, parts: &Parts) -> Result<Working, Breakdown> {
    let activities =
        EscalationActivities { engine: Arc::clone(&parts.engine), targets: Arc::clone(&parts.targets) };
    let options = WorkerOptions::new(TASK_QUEUE)
        .max_cached_workflows(CACHED)
        .tuner(slots())
        .workflow_task_poller_behavior(PollerBehavior::SimpleMaximum(2))
        .activity_task_poller_behavior(PollerBehavior::SimpleMaximum(1))
        .graceful_shutdown_period(GRACE)
        .register_workflow::<EscalateCancel>()?
        .register_activities(activities)
        .build();
    let (shutdown, runtime) = (parts.shutdown.clone(), Handle::current());
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::task::spawn_blocking(move || {
        runtime.block_on(Box::pin(run(client, options, stopped, shutdown)))
    });
    Ok(Working { stop, ended })
}

fn slots() -> TunerHolder {
    TunerHolder::builder()
        .workflow_task_slot_supplier(FixedSizeSlotSupplier::new(CACHED))
        .activity_task_slot_supplier(FixedSizeSlotSupplier::new(WATCHED))
        .local_activity_task_slot_supplier(FixedSizeSlotSupplier::new(1))
        .nexus_task_slot_supplier(FixedSizeSlotSupplier::new(1))
        .build()
}

async fn run(
    client: Client,
    options: WorkerOptions,
    stopped: oneshot::Receiver<()>,
    shutdown: Shutdown,
) -> Result<(), Breakdown> {
    let runtime = Runtime::from_current_tokio(RuntimeOptions::default())?;
    let mut worker = Worker::new(&runtime, client, options)?;
    let end = worker.shutdown_handle();
    let stopping = tokio::spawn(async move {
        let _ = stopped.await;
        end();
    });
    tracing::info!("working on escalations");
    let result = tokio::select! {
        result = worker.run() => result,
        () = shutdown.stopped() => Ok(()),
    };
    stopping.abort();
    Ok(result?)
}
