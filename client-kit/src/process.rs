//! The process of a [`Server`]: settings, logs, signals.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use service::auth::BearerTokens;
use service::files::{FileError, SettingFile};
use service::http::{ClientAuth, Tls, TlsFiles};
use service::metrics::Metrics;
use service::settings::{ListenAddress, duration, or_exit, size};
use service::shutdown::Shutdown;
use service::telemetry::{self, LogSettings};
use temporal::{TemporalConnection, TemporalSettings, TemporalTarget};

use crate::{Client, Server, ServerOptions, TemporalStarter};

/// Starts Temporal workflows for EMCO, at POST /invoke/<name>.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Settings {
    #[command(subcommand)]
    command: Option<service::probe::Command>,
    /// Address to listen on.
    #[arg(long, env = "CLIENT_LISTEN", default_value = ":9090", value_name = "HOST:PORT")]
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
    /// File of bearer tokens, one per line. Callers must send one of them. Not set: callers need no token.
    #[arg(long, env = BEARER_TOKENS, value_name = "FILE")]
    bearer_tokens: Option<PathBuf>,
    #[command(flatten)]
    tls: TlsSettings,
    #[command(flatten)]
    temporal: TemporalSettings,
    #[command(flatten)]
    log: LogSettings,
}

const BEARER_TOKENS: &str = "CLIENT_BEARER_TOKENS";
const TLS_CERTIFICATE: &str = "CLIENT_TLS_CERTIFICATE";
const TLS_KEY: &str = "CLIENT_TLS_KEY";
const TLS_CLIENT_CA: &str = "CLIENT_TLS_CLIENT_CA";

/// TLS of the listener. Without these settings it serves plain HTTP.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "TLS")]
struct TlsSettings {
    /// File of the certificate and its chain (PEM). Like the other files, it is read again when it changes.
    #[arg(long, env = TLS_CERTIFICATE, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// File of the private key (PEM).
    #[arg(long, env = TLS_KEY, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// File of the CA certificates (PEM) for client certificates. If set, callers need a client certificate.
    #[arg(long, env = TLS_CLIENT_CA, value_name = "FILE", requires = "tls_certificate")]
    tls_client_ca: Option<PathBuf>,
    /// Whether callers need a client certificate. `optional`: a caller without one may request /healthz, /readyz and
    /// /metrics, and needs a bearer token for a start.
    #[arg(long, env = "CLIENT_TLS_CLIENT_AUTH", default_value = "required", value_name = "WHETHER")]
    tls_client_auth: ClientAuth,
}

impl TlsSettings {
    fn load(&self) -> Result<Option<Tls>, FileError> {
        let (Some(certificate), Some(key)) = (&self.tls_certificate, &self.tls_key) else { return Ok(None) };
        let authorities = self.tls_client_ca.as_ref();
        Tls::load(TlsFiles {
            certificate: SettingFile::of(TLS_CERTIFICATE, certificate),
            key: SettingFile::of(TLS_KEY, key),
            callers: authorities.map(|file| (SettingFile::of(TLS_CLIENT_CA, file), self.tls_client_auth)),
        })
        .map(Some)
    }
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
        let tokens = self.bearer_tokens.as_ref().map(|file| SettingFile::of(BEARER_TOKENS, file));
        Ok(ServerOptions {
            start_budget: self.start_budget,
            body_limit: self.body_limit,
            linger: self.linger,
            max_requests: self.max_requests,
            bearer_tokens: tokens.map(BearerTokens::load).transpose()?,
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
    server.serve(listener, &shutdown, metrics).await?;
    Ok(())
}

fn failed(error: &(dyn std::error::Error + 'static)) -> ExitCode {
    tracing::error!("{}", service::chain(error));
    ExitCode::FAILURE
}
