//! The process of a [`Server`]: settings, logs, signals.

mod secure;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use service::files::FileError;
use service::metrics::Metrics;
use service::settings::{ListenAddress, duration, or_exit, size};
use service::shutdown::Shutdown;
use service::telemetry::{self, LogSettings};
use temporal::{TemporalConnection, TemporalSettings, TemporalTarget};

use self::secure::{CallerSettings, TlsSettings};
use crate::{Client, Server, ServerOptions, TemporalStarter};

/// Starts Temporal workflows for EMCO, at POST /invoke/<name>.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Settings {
    #[command(subcommand)]
    command: Option<service::probe::Command>,
    /// Address to listen on. Addresses that other machines can reach need CLIENT_BEARER_TOKENS, CLIENT_ISSUERS,
    /// CLIENT_TLS_CLIENT_CA or CLIENT_INSECURE.
    #[arg(long, env = "CLIENT_LISTEN", default_value = "127.0.0.1:9090", value_name = "HOST:PORT")]
    listen: ListenAddress,
    /// How long a start may take, including the code of the workflow client.
    #[arg(long, env = "CLIENT_START_BUDGET", default_value = "10s", value_name = "TIME", value_parser = duration)]
    start_budget: Duration,
    /// Largest body of a request.
    #[arg(long, env = "CLIENT_BODY_LIMIT", default_value = "2MiB", value_name = "SIZE", value_parser = size)]
    body_limit: usize,
    /// How long starts in progress may take to finish after the process receives SIGTERM.
    #[arg(long, env = "CLIENT_DRAIN", default_value = "30s", value_name = "TIME", value_parser = duration)]
    drain: Duration,
    /// How long to accept new connections after SIGTERM, until load balancers know that the process ends.
    #[arg(long, env = "CLIENT_LINGER", default_value = "2s", value_name = "TIME", value_parser = duration)]
    linger: Duration,
    /// Most requests at the same time. Further requests are refused with 503.
    #[arg(long, env = "CLIENT_MAX_REQUESTS", default_value = "1000", value_name = "NUMBER")]
    max_requests: usize,
    #[command(flatten)]
    callers: CallerSettings,
    #[command(flatten)]
    tls: TlsSettings,
    #[command(flatten)]
    temporal: TemporalSettings,
    #[command(flatten)]
    log: LogSettings,
}

/// Runs the process of these workflow clients: `client_kit::main(clients![migrate, generic])`.
///
/// Settings come from flags and the environment; `--help` lists them. The process ends on SIGTERM or SIGINT, after the
/// starts in progress have finished.
///
/// It runs on Tokio's multi-thread runtime: a function that blocks, instead of awaiting, delays other callers.
pub fn main(clients: impl IntoIterator<Item = Client>) -> ExitCode {
    let settings: Settings = service::settings::parse();
    if let Some(command) = settings.command {
        return command.run();
    }
    let temporal = or_exit(settings.temporal.target());
    let options = or_exit(settings.options());
    telemetry::init(&settings.log);
    match service::runtime::run(run(settings, temporal, options, clients)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => failed(error.as_ref()),
        Err(error) => failed(&error),
    }
}

impl Settings {
    fn options(&self) -> Result<ServerOptions, FileError> {
        Ok(ServerOptions {
            start_budget: self.start_budget,
            body_limit: self.body_limit,
            linger: self.linger,
            max_requests: self.max_requests,
            callers: self.callers.load()?,
            tls: self.tls.load()?,
        })
    }
}

async fn run(
    settings: Settings,
    temporal: TemporalTarget,
    options: ServerOptions,
    clients: impl IntoIterator<Item = Client>,
) -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::new(clients, TemporalStarter::new(TemporalConnection::new(temporal)), options)?;
    let shutdown = Shutdown::on_signals(settings.drain)?;
    let metrics = Metrics::install("workflow-client", env!("CARGO_PKG_VERSION"));
    let listener = settings.listen.bind().await?;
    or_exit(settings.callers.exposure(&settings.tls).check(&listener));
    server.serve(listener, &shutdown, metrics).await?;
    Ok(())
}

fn failed(error: &(dyn std::error::Error + 'static)) -> ExitCode {
    tracing::error!("{}", service::chain(error));
    ExitCode::FAILURE
}
