//! The process around a [`Server`]: settings, logs, signals.

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
    /// How many requests are taken on at once; what is over is refused with 503.
    #[arg(long, env = "CLIENT_MAX_REQUESTS", default_value = "1000", value_name = "NUMBER")]
    max_requests: usize,
    /// The file with the bearer tokens of which callers must send one, one a line. None: callers need none.
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

/// TLS of the listener. Plain HTTP without.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "TLS")]
struct TlsSettings {
    /// The file with the certificate and those that vouch for it (PEM). Read again when it changes, as are the others.
    #[arg(long, env = TLS_CERTIFICATE, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The file with its private key (PEM).
    #[arg(long, env = TLS_KEY, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// The file with the certificates (PEM) that vouch for callers, who then show one of their own.
    #[arg(long, env = TLS_CLIENT_CA, value_name = "FILE", requires = "tls_certificate")]
    tls_client_ca: Option<PathBuf>,
    /// Whether a caller without certificate is refused the connection, or needs a bearer token instead and may ask for /healthz,
    /// /readyz and /metrics.
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

/// The process of these workflow clients: `client_kit::main(clients![migrate, generic])`.
///
/// Settings come from flags and the environment; `--help` lists them. The process ends on SIGTERM or SIGINT, once the
/// starts under way are done.
///
/// It runs on Tokio's multi-thread runtime: a function that blocks, instead of awaiting, keeps other callers waiting.
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
