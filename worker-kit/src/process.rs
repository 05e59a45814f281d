//! The worker process: settings, connection, health, metrics, and a shutdown that loses no work.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use service::health::Health;
use service::http;
use service::metrics::Metrics;
use service::settings::{ListenAddress, ListenError, duration};
use service::shutdown::Shutdown;
use service::telemetry::{self, LogSettings};
use temporal::{
    ConnectError, ConnectionSettings, TemporalConnection, TemporalSettings, TemporalTarget, Worker,
};
use temporalio_common::telemetry::TelemetryOptions;
use temporalio_common::telemetry::metrics::CoreMeter;
use temporalio_sdk::{WorkerCreateError, WorkerOptions, WorkerRunError};

use crate::RegisterError;
use crate::caller;
use crate::log;
use crate::meter::Meter;

/// The time for reporting to Temporal which activities were interrupted, after their own time is over.
const LAST_REPORTS: Duration = Duration::from_secs(5);
/// How long the SDK retries a report while Temporal is not reachable. Afterwards the reported work is lost.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often Temporal learns how the worker is.
const HEARTBEAT: Duration = Duration::from_secs(60);
/// The pauses between attempts to run, while Temporal is not reachable or refuses the worker.
const PAUSES: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(250))
    .with_max_delay(LONGEST_PAUSE)
    .without_max_times();
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Runs the workflows and activities of a worker, for Temporal.
#[derive(Debug, clap::Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Settings {
    #[command(subcommand)]
    command: Option<service::probe::Command>,
    /// Task queue to serve instead of the default one.
    #[arg(long, env = "WORKER_TASK_QUEUE", value_name = "NAME")]
    task_queue: Option<String>,
    /// Address at which to serve /healthz, /readyz and /metrics.
    #[arg(long, env = "WORKER_OPERATIONS_LISTEN", default_value = ":9091", value_name = "HOST:PORT")]
    operations_listen: ListenAddress,
    /// How long running activities may take to finish after the process receives SIGTERM.
    #[arg(long, env = "WORKER_DRAIN", default_value = "20s", value_name = "TIME", value_parser = duration)]
    drain: Duration,
    #[command(flatten)]
    temporal: TemporalSettings,
    #[command(flatten)]
    log: LogSettings,
}

/// Why a worker process could not run.
#[derive(Debug, thiserror::Error)]
enum ProcessError {
    #[error("the workflows of this worker cannot be registered")]
    Register(#[from] RegisterError),
    #[error("the options of this worker cannot be used; is any workflow or activity registered?")]
    Options(#[from] WorkerCreateError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("cannot start the process")]
    Start(#[from] std::io::Error),
}

/// Runs a worker process on `task_queue`. This is all that the `main` function of a worker does. `register` adds its
/// workflows and activities.
///
/// Settings come from flags and the environment; `--help` lists them. The process waits while Temporal is not
/// reachable. It ends on SIGTERM or SIGINT, after the running activities have finished.
pub fn main(
    task_queue: &str,
    register: impl FnOnce(&mut WorkerOptions) -> Result<(), RegisterError>,
) -> ExitCode {
    let settings: Settings = service::settings::parse();
    if let Some(command) = settings.command {
        return command.run();
    }
    let target = service::settings::or_exit(settings.temporal.target());
    telemetry::init_with(&settings.log, log::layer());
    let result = service::runtime::run(async {
        let shutdown = Shutdown::on_signals(settings.drain.saturating_add(LAST_REPORTS))?;
        run(task_queue, register, &settings, target, &shutdown).await
    });
    match result.map_err(ProcessError::Start).flatten() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = service::chain(&error), "the worker failed");
            ExitCode::FAILURE
        }
    }
}

async fn run(
    task_queue: &str,
    register: impl FnOnce(&mut WorkerOptions) -> Result<(), RegisterError>,
    settings: &Settings,
    target: TemporalTarget,
    shutdown: &Shutdown,
) -> Result<(), ProcessError> {
    let task_queue = settings.task_queue.as_deref().unwrap_or(task_queue);
    let mut options = WorkerOptions::new(task_queue).graceful_shutdown_period(settings.drain).build();
    log::watch(&mut options);
    caller::carry(&mut options);
    register(&mut options)?;
    let connection = TemporalConnection::with_settings(
        target,
        ConnectionSettings { patience: PATIENCE, ..ConnectionSettings::default() },
    );
    // Before the SDK creates its metrics: those created without a recorder record nothing.
    let metrics = Metrics::install("worker", env!("CARGO_PKG_VERSION"));
    let meter: Arc<dyn CoreMeter> = Arc::new(Meter);
    let telemetry = TelemetryOptions::builder().metrics(meter).build();
    let process = Process { options, connection, telemetry, shutdown, polls: Arc::default() };

    let operations = http::operations(process.health(), metrics);
    let listener = settings.operations_listen.bind().await?;
    let operations = shutdown.spawn({
        let shutdown = shutdown.clone();
        async move {
            http::serve(listener, http::standard(operations, 0), &shutdown, http::Options::default()).await
        }
    });
    // Not a task: the future of a worker cannot be sent to another thread.
    let served = process.serve().await;
    shutdown.drain();
    if let Ok(Err(cut_off)) = operations.await {
        tracing::warn!(error = service::chain(&cut_off), "requests for health or metrics were cut off");
    }
    served
}

/// One worker, which is created again when it fails.
struct Process<'a> {
    options: WorkerOptions,
    connection: TemporalConnection,
    telemetry: TelemetryOptions,
    shutdown: &'a Shutdown,
    /// Whether a worker is running.
    polls: Arc<AtomicBool>,
}

/// Why a worker stopped.
#[derive(Debug, thiserror::Error)]
enum Breakdown {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("the worker failed")]
    Run(#[from] WorkerRunError),
    #[error(transparent)]
    Options(#[from] WorkerCreateError),
}

impl Process<'_> {
    fn health(&self) -> Health {
        let (connection, polls) = (self.connection.clone(), Arc::clone(&self.polls));
        Health::new(self.shutdown)
            .with_check("temporal", move || {
                let connection = connection.clone();
                async move { connection.check().await }
            })
            .with_check("worker", move || {
                let polls = polls.load(Ordering::Relaxed);
                async move { polls.then_some(()).ok_or("no worker polls the task queue") }
            })
    }

    /// Works until the process drains. While Temporal is not reachable, it waits.
    async fn serve(&self) -> Result<(), ProcessError> {
        let mut pauses = PAUSES.build();
        while !self.shutdown.is_draining() {
            match Box::pin(self.work(&mut pauses)).await {
                Ok(()) => {}
                Err(Breakdown::Options(error)) => return Err(error.into()),
                Err(breakdown) => {
                    let pause = pauses.next().unwrap_or(LONGEST_PAUSE);
                    tracing::warn!(
                        error = service::chain(&breakdown),
                        ?pause,
                        "the worker is not working; trying again"
                    );
                    tokio::select! {
                        () = self.shutdown.draining() => {}
                        () = tokio::time::sleep(pause) => {}
                    }
                }
            }
        }
        Ok(())
    }

    /// Works until the process drains or the worker fails.
    async fn work(&self, pauses: &mut ExponentialBackoff) -> Result<(), Breakdown> {
        let mut client = tokio::select! {
            () = self.shutdown.draining() => return Ok(()),
            client = self.connection.client() => client?,
        };
        client.options_mut().data_converter = log::data_converter(&self.connection);
        let (options, telemetry) = (self.options.clone(), self.telemetry.clone());
        let worker = Worker::new(&self.connection, client, options, telemetry, Some(HEARTBEAT))?;
        tracing::info!(task_queue = self.options.task_queue, "working");
        self.polls.store(true, Ordering::Relaxed);
        let result = tokio::select! {
            result = worker.run(self.shutdown.draining()) => result,
            () = self.shutdown.stopped() => Ok(()),
        };
        self.polls.store(false, Ordering::Relaxed);
        if matches!(result, Err(WorkerRunError::Fatal { .. })) {
            // The worker did run: begin with short pauses again.
            *pauses = PAUSES.build();
        }
        Ok(result?)
    }
}
