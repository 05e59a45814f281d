//! A worker of the SDK that goes on working when the certificates for Temporal are replaced.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use temporalio_client::{Client, Connection, NamespacedClient, RetryOptions};
use temporalio_common::telemetry::TelemetryOptions;
use temporalio_sdk::runtime::CoreWorker;
use temporalio_sdk::{WorkerCreateError, WorkerOptions, WorkerRunError};
use temporalio_sdk_core::{CoreRuntime, RuntimeOptions, init_worker};

use super::connection::TemporalConnection;

/// How often a worker looks for another connection.
const LOOK: Duration = Duration::from_secs(1);
/// How long it waits if there is none: each look would try to connect.
const PAUSE: Duration = Duration::from_secs(5);

/// A worker of the SDK, which uses the connection that calls use. If that is replaced, because the files of
/// certificates have changed or because it broke, the worker goes on over the new one: what it works on is not
/// interrupted, and polls on the former connection end by themselves. The connection is kept while the worker
/// runs.
pub struct Worker {
    worker: temporalio_sdk::Worker,
    core: Arc<CoreWorker>,
    connection: TemporalConnection,
    /// The connection that it uses.
    over: Connection,
    _runtime: CoreRuntime,
}

impl Worker {
    /// Creates a worker in the current Tokio runtime. `client` is one of `connection`. `heartbeat` is the interval,
    /// 1 to 60 s, at which Temporal learns how the worker is (`temporal worker describe`); `None` for never.
    ///
    /// # Errors
    /// Returns an error if the SDK refuses the options.
    pub fn new(
        connection: &TemporalConnection,
        client: Client,
        options: WorkerOptions,
        telemetry: TelemetryOptions,
        heartbeat: Option<Duration>,
    ) -> Result<Self, WorkerCreateError> {
        let refused = WorkerCreateError::Initialization;
        let config = options.to_core_options(client.namespace(), client.identity());
        let config = config.map_err(|error| refused(anyhow::Error::msg(error)))?;
        let runtime = RuntimeOptions::builder().telemetry_options(telemetry).heartbeat_interval(heartbeat);
        let runtime = runtime.build();
        let runtime = runtime.map_err(|error| refused(anyhow::Error::msg(error)))?;
        let runtime = CoreRuntime::new_assume_tokio(runtime).map_err(refused)?;
        // As the SDK's own constructor does it, which does not give out its inner worker.
        let core = init_worker(&runtime, config, client.connection().clone()).map_err(refused)?;
        let core = Arc::new(core);
        let worker = temporalio_sdk::Worker::new_from_core_options(
            Arc::clone(&core),
            client.options().clone(),
            options,
        )?;
        let over = client.connection().clone();
        Ok(Self { worker, core, connection: connection.clone(), over, _runtime: runtime })
    }

    /// Works until `stop` ends, and then until what it has begun has ended.
    ///
    /// # Errors
    /// Returns an error if the worker cannot go on.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), WorkerRunError> {
        let Self { mut worker, core, connection, over, _runtime } = self;
        let attended = async {
            tokio::select! {
                () = stop => core.initiate_shutdown(),
                () = follow(&core, &connection, over) => {}
            }
            std::future::pending().await
        };
        let result = tokio::select! {
            result = worker.run() => result,
            result = attended => result,
        };
        drop(worker);
        // Else the connection would keep the worker that has ended, and be kept by it.
        if result.is_ok()
            && let Some(core) = Arc::into_inner(core)
        {
            core.finalize_shutdown().await;
        }
        result
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("connection", &self.connection).finish_non_exhaustive()
    }
}

/// Gives a worker each connection that takes the place of its own. Never ends.
async fn follow(core: &CoreWorker, connection: &TemporalConnection, mut over: Connection) {
    let mut pause = LOOK;
    loop {
        tokio::time::sleep(pause).await;
        let Ok(client) = connection.client().await else {
            pause = PAUSE;
            continue;
        };
        pause = LOOK;
        if client.connection().worker_grouping_key() == over.worker_grouping_key() {
            continue;
        }
        over = client.connection().clone();
        // As the SDK does it for a new worker.
        *over.retry_options_mut() = RetryOptions::default();
        match core.replace_client(over.clone()) {
            Ok(()) => tracing::info!("a worker goes on over a new connection to Temporal"),
            Err(error) => tracing::error!(%error, "a worker cannot go on over a new connection to Temporal"),
        }
    }
}
