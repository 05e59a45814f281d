//! The worker process: settings, connection, health, metrics, and an end that loses no work.

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
use temporal::{ConnectError, ConnectionSettings, TemporalConnection, TemporalSettings, TemporalTarget};
use temporalio_common::telemetry::TelemetryOptions;
use temporalio_common::telemetry::metrics::CoreMeter;
use temporalio_sdk::runtime::RuntimeOptions;
use temporalio_sdk::{
    Runtime, RuntimeError, Worker, WorkerCreateError, WorkerOptions, WorkerRunError,
    WorkflowRegistrationError,
};

use crate::meter::Meter;

/// What is left, after activities had their time, to tell Temporal that they were broken off.
const LAST_REPORTS: Duration = Duration::from_secs(5);
/// How long the SDK repeats a report while Temporal is away, before the work that it reports is lost.
const PATIENCE: Duration = Duration::from_secs(30);
/// The pauses between attempts to run, while Temporal is away or refuses us.
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
    /// Task queue to serve instead of the worker's own.
    #[arg(long, env = "WORKER_TASK_QUEUE", value_name = "NAME")]
    task_queue: Option<String>,
    /// Where to answer /healthz, /readyz and /metrics.
    #[arg(long, env = "WORKER_OPERATIONS_LISTEN", default_value = ":9091", value_name = "HOST:PORT")]
    operations_listen: ListenAddress,
    /// How long activities under way have left when the process is asked to end.
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
    Register(#[from] WorkflowRegistrationError),
    #[error("the options of this worker cannot be used; is any workflow or activity registered?")]
    Options(#[from] WorkerCreateError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("the Temporal SDK does not start")]
    Runtime(#[from] RuntimeError),
    #[error("the process does not start")]
    Start(#[from] std::io::Error),
}

/// Runs a worker process on `task_queue`: the whole `main` of a worker. `register` adds its workflows and activities.
///
/// Settings come from flags and the environment; `--help` lists them. The process waits for a Temporal that is away, and
/// ends on SIGTERM or SIGINT, once the activities under way are done.
pub fn main(
    task_queue: &str,
    register: impl FnOnce(&mut WorkerOptions) -> Result<(), WorkflowRegistrationError>,
) -> ExitCode {
    let settings: Settings = service::settings::parse();
    if let Some(command) = settings.command {
        return command.run();
    }
    let target = service::settings::or_exit(settings.temporal.target());
    telemetry::init(&settings.log);
    let result = service::runtime::run(async {
        let shutdown = Shutdown::on_signals(settings.drain.saturating_add(LAST_REPORTS))?;
        run(task_queue, register, &settings, target, &shutdown).await
    });
    match result.map_err(ProcessError::Start).flatten() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = service::chain(&error), "the worker ends");
            ExitCode::FAILURE
        }
    }
}

async fn run(
    task_queue: &str,
    register: impl FnOnce(&mut WorkerOptions) -> Result<(), WorkflowRegistrationError>,
    settings: &Settings,
    target: TemporalTarget,
    shutdown: &Shutdown,
) -> Result<(), ProcessError> {
    let task_queue = settings.task_queue.as_deref().unwrap_or(task_queue);
    let mut options = WorkerOptions::new(task_queue).graceful_shutdown_period(settings.drain).build();
    register(&mut options)?;
    let connection = TemporalConnection::with_settings(
        target,
        ConnectionSettings { patience: PATIENCE, ..ConnectionSettings::default() },
    );
    // Before the SDK makes its measures: what is made without a recorder records nothing.
    let metrics = Metrics::install("worker", env!("CARGO_PKG_VERSION"));
    let meter: Arc<dyn CoreMeter> = Arc::new(Meter);
    let telemetry = TelemetryOptions::builder().metrics(meter).build();
    let telemetry = RuntimeOptions::builder().telemetry_options(telemetry).build();
    let runtime = Runtime::from_current_tokio(telemetry.unwrap_or_default())?;
    let process = Process { options, connection, runtime, shutdown, polls: Arc::default() };

    let operations = http::operations(process.health(), metrics);
    let listener = settings.operations_listen.bind().await?;
    let operations = shutdown.spawn({
        let shutdown = shutdown.clone();
        async move {
            http::serve(listener, http::standard(operations, 0), &shutdown, http::Options::default()).await
        }
    });
    // Not a task of its own: the future of a worker cannot leave its thread.
    let served = process.serve().await;
    shutdown.drain();
    if let Ok(Err(cut_off)) = operations.await {
        tracing::warn!(error = service::chain(&cut_off), "questions about this process stay unanswered");
    }
    served
}

/// One worker, made anew when it breaks down.
struct Process<'a> {
    options: WorkerOptions,
    connection: TemporalConnection,
    runtime: Runtime,
    shutdown: &'a Shutdown,
    /// Whether a worker runs at this moment.
    polls: Arc<AtomicBool>,
}

/// Why a worker stopped to work.
#[derive(Debug, thiserror::Error)]
enum Breakdown {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("the worker broke down")]
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

    /// Works until the process drains. A Temporal that is away is waited for, never a reason to end.
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
                        "no work for now; trying again"
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

    /// Works until the process drains or the worker breaks down.
    async fn work(&self, pauses: &mut ExponentialBackoff) -> Result<(), Breakdown> {
        let client = tokio::select! {
            () = self.shutdown.draining() => return Ok(()),
            client = self.connection.client() => client?,
        };
        let mut worker = Worker::new(&self.runtime, client, self.options.clone())?;
        let stop = worker.shutdown_handle();
        let shutdown = self.shutdown.clone();
        let stopping = tokio::spawn(async move {
            shutdown.draining().await;
            stop();
        });
        tracing::info!(task_queue = self.options.task_queue, "working");
        self.polls.store(true, Ordering::Relaxed);
        let result = tokio::select! {
            result = worker.run() => result,
            () = self.shutdown.stopped() => Ok(()),
        };
        self.polls.store(false, Ordering::Relaxed);
        stopping.abort();
        if matches!(result, Err(WorkerRunError::Fatal { .. })) {
            // It did run; begin with short pauses again.
            *pauses = PAUSES.build();
        }
        Ok(result?)
    }
}
