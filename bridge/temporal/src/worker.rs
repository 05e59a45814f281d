//! Workers of the bridge's own, each as small as possible, and running only while there is something to wait for. A
//! process knows of what it has begun, and looks every few seconds for what other processes have begun.

use std::time::Duration;

use bridge_core::ports::{EngineError, StoreError, Targets};
use service::shutdown::Shutdown;
use temporal::{ConnectError, TemporalConnection, Worker};
use temporalio_client::Client;
use temporalio_common::telemetry::TelemetryOptions;
use temporalio_sdk::runtime::PollerBehavior;
use temporalio_sdk::runtime::worker_tuner::{FixedSizeSlotSupplier, TunerHolder};
use temporalio_sdk::{WorkerCreateError, WorkerOptions, WorkerRunError, WorkflowRegistrationError};
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::task::{JoinError, JoinHandle};

use crate::servers::Servers;

/// Interval between two looks whether there is work; longer while Temporal is away.
const LOOK: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(80);
/// Activities only wait or make one call, so they need no time to finish.
const GRACE: Duration = Duration::from_secs(1);
/// The workflows are short, or wait for one activity. One that is not cached is replayed.
const CACHED: usize = 20;
/// Every workflow watches its run with one more wait. A watch must never delay other work.
const WATCHED: usize = 10_000;

/// What a worker does.
pub(crate) trait Work: Send + Sync {
    /// Returns its name in the log.
    fn name(&self) -> &'static str;

    /// Returns its task queue.
    fn task_queue(&self) -> &str;

    /// Returns whether there is something to wait for, of any process.
    fn is_needed(&self) -> impl Future<Output = Result<bool, Breakdown>> + Send;

    /// Registers its workflows and activities.
    fn register(&self, options: &mut WorkerOptions) -> Result<(), WorkflowRegistrationError>;
}

/// Works until the process drains. Waits while Temporal is away. `wanted` is that there is work of this process.
pub(crate) async fn keep(servers: &Servers, wanted: &Notify, work: impl Work, shutdown: &Shutdown) {
    let mut pause = LOOK;
    let mut is_wanted = false;
    while !shutdown.is_draining() {
        let done = match work.is_needed().await {
            Ok(needed) if needed || is_wanted => while_needed(servers, &work, shutdown).await,
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        pause = match done {
            Ok(()) => LOOK,
            Err(error) => {
                let (name, error) = (work.name(), workflow_api::chain(&error));
                tracing::debug!(error, "{name} cannot be worked on now");
                (pause * 2).min(LONGEST_PAUSE)
            }
        };
        is_wanted = tokio::select! {
            () = shutdown.draining() => false,
            () = wanted.notified() => true,
            () = tokio::time::sleep(pause) => false,
        };
    }
}

async fn while_needed(servers: &Servers, work: &impl Work, shutdown: &Shutdown) -> Result<(), Breakdown> {
    let connection = servers.connection(&servers.targets().home())?;
    let client = connection.client().await?;
    let mut working = start(connection, client, work, shutdown)?;
    loop {
        tokio::select! {
            broken_off = &mut working.ended => return broken_off?,
            () = shutdown.draining() => break,
            () = tokio::time::sleep(LOOK) => {
                if matches!(work.is_needed().await, Ok(false)) {
                    break;
                }
            }
        }
    }
    drop(working.stop);
    working.ended.await?
}

/// Why a worker stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Breakdown {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("the bridge's workflows cannot be registered")]
    Register(#[from] WorkflowRegistrationError),
    #[error("the options of the bridge's worker cannot be used")]
    Options(#[from] WorkerCreateError),
    #[error("the bridge's worker failed")]
    Run(#[from] WorkerRunError),
    #[error("the thread of the bridge's worker failed")]
    Thread(#[from] JoinError),
}

/// A running worker.
#[derive(Debug)]
struct Working {
    /// Stops the worker when dropped.
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), Breakdown>>,
}

/// Starts a worker. The SDK's worker cannot move between threads, so it gets a thread of its own.
fn start(
    connection: TemporalConnection,
    client: Client,
    work: &impl Work,
    shutdown: &Shutdown,
) -> Result<Working, Breakdown> {
    let mut options = WorkerOptions::new(work.task_queue())
        .max_cached_workflows(CACHED)
        .tuner(slots())
        .workflow_task_poller_behavior(PollerBehavior::SimpleMaximum(2))
        .activity_task_poller_behavior(PollerBehavior::SimpleMaximum(1))
        .graceful_shutdown_period(GRACE)
        .build();
    work.register(&mut options)?;
    tracing::info!("working on {}", work.name());
    let (shutdown, runtime) = (shutdown.clone(), Handle::current());
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::task::spawn_blocking(move || {
        runtime.block_on(Box::pin(run(&connection, client, options, stopped, shutdown)))
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
    connection: &TemporalConnection,
    client: Client,
    options: WorkerOptions,
    stopped: oneshot::Receiver<()>,
    shutdown: Shutdown,
) -> Result<(), Breakdown> {
    // Nobody looks at these workers one by one, and for heartbeats the SDK starts one more.
    let heartbeat = None;
    let telemetry = TelemetryOptions::builder().build();
    let worker = Worker::new(connection, client, options, telemetry, heartbeat)?;
    let stop = async {
        let _ = stopped.await;
    };
    tokio::select! {
        result = worker.run(stop) => Ok(result?),
        () = shutdown.stopped() => Ok(()),
    }
}
