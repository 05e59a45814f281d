//! The process around a [`Server`]: settings, logs, signals.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use service::metrics::Metrics;
use service::settings::{ListenAddress, duration, or_exit, size};
use service::shutdown::Shutdown;
use service::telemetry::{self, LogSettings};
use service::temporal::{TemporalConnection, TemporalSettings, TemporalTarget};

use crate::{Client, Server, ServerOptions, TemporalStarter};

/// Starts Temporal workflows for EMCO, at POST /invoke/<name>.
#[derive(Debug, Parser)]
struct Settings {
    /// Where to listen.
    #[arg(long, env = "CLIENT_LISTEN", default_value = ":9090", value_name = "HOST:PORT")]
    listen: ListenAddress,
    /// How long a start may take, the workflow client's own code included.
    #[arg(long, env = "CLIENT_START_BUDGET", default_value = "10s", value_name = "TIME", value_parser = duration)]
    start_budget: Duration,
    /// How large the body of a request may be.
    #[arg(long, env = "CLIENT_BODY_LIMIT", default_value = "2MiB", value_name = "SIZE", value_parser = size)]
    body_limit: usize,
    /// How long starts under way have left when the process is asked to end.
    #[arg(long, env = "CLIENT_DRAIN", default_value = "30s", value_name = "TIME", value_parser = duration)]
    drain: Duration,
    /// How long new connections are still taken once the process is asked to end: until load balancers have heard of it.
    #[arg(long, env = "CLIENT_LINGER", default_value = "2s", value_name = "TIME", value_parser = duration)]
    linger: Duration,
    #[command(flatten)]
    temporal: TemporalSettings,
    #[command(flatten)]
    log: LogSettings,
}

/// The process of these workflow clients: `client_kit::main(clients![migrate, generic])`.
///
/// Settings come from flags and the environment; `--help` lists them. The process ends on SIGTERM or SIGINT, once the
/// starts under way are done.
pub fn main(clients: impl IntoIterator<Item = Client>) -> ExitCode {
    let settings: Settings = service::settings::parse();
    let temporal = or_exit(settings.temporal.target());
    telemetry::init(&settings.log);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    match runtime.block_on(run(settings, temporal, clients)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(error.as_ref()),
    }
}

async fn run(
    settings: Settings,
    temporal: TemporalTarget,
    clients: impl IntoIterator<Item = Client>,
) -> Result<(), Box<dyn std::error::Error>> {
    let options = ServerOptions {
        start_budget: settings.start_budget,
        body_limit: settings.body_limit,
        linger: settings.linger,
    };
    let server = Server::new(clients, TemporalStarter::new(TemporalConnection::new(temporal)), options)?;
    let shutdown = Shutdown::on_signals(settings.drain)?;
    let metrics = Metrics::install("workflow-client", env!("CARGO_PKG_VERSION"));
    let listener = settings.listen.bind().await?;
    server.serve(listener, &shutdown, metrics).await?;
    Ok(())
}

fn failed(error: &(dyn std::error::Error + 'static)) -> ExitCode {
    tracing::error!("{}", service::chain(error));
    ExitCode::FAILURE
}
