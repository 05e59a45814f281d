//! The settings of `bridge serve`: a flag wins over its environment variable, the variable over the default.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use bridge_http::SuccessRules;
use bridge_store::DatabaseUrl;
use bridge_temporal::{NamespacePatterns, RegisteredTargets};
use service::hosts::HostPatterns;
use service::settings::{ListenAddress, duration};
use service::telemetry::LogSettings;
use temporal::TemporalSettings;
use url::Url;

pub use crate::audit::AuditSettings;
pub use crate::listed::Listed;
pub use crate::login::LoginSettings;
pub use crate::notify::NotifySettings;
pub use crate::rights::RightsSettings;
pub use crate::secure::Secure;

/// The settings of `bridge serve`.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// All of them, for people.
    #[command(flatten)]
    pub listed: Listed,
    /// Address to listen on: host:port, or :port for all addresses. Addresses that other machines can reach
    /// need identities (BRIDGE_BEARER_TOKENS, BRIDGE_ISSUERS and others), or BRIDGE_INSECURE.
    #[arg(long, env = "BRIDGE_LISTEN", default_value = "127.0.0.1:9095", value_name = "ADDRESS")]
    pub listen: ListenAddress,
    /// Database for intents and runs: sqlite:///path/to/file, sqlite:file, sqlite::memory: (kept only while
    /// the process lives), or postgres://user@host/database, which replicas can share. Put the password into
    /// the file that PGPASSFILE names.
    #[arg(
        long,
        env = "BRIDGE_DATABASE",
        default_value = "sqlite:bridge.db",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database: DatabaseUrl,
    /// Maximum number of connections that this replica opens to PostgreSQL. All replicas share the server's
    /// own limit, which is 100 by default.
    #[arg(long, env = "BRIDGE_DATABASE_CONNECTIONS", default_value = "16", value_name = "NUMBER")]
    pub database_connections: NonZeroU32,
    /// How long open requests may take to finish after the process is asked to stop.
    #[arg(long, env = "BRIDGE_DRAIN", default_value = "30s", value_name = "TIME", value_parser = duration)]
    pub drain: Duration,
    /// How long new connections are still accepted after the process is asked to stop, so that load balancers
    /// can notice. This time is a part of BRIDGE_DRAIN.
    #[arg(long, env = "BRIDGE_LINGER", default_value = "2s", value_name = "TIME", value_parser = duration)]
    pub linger: Duration,
    /// Authentication and TLS of the listener.
    #[command(flatten)]
    pub secure: Secure,
    /// Logins with a browser.
    #[command(flatten)]
    pub login: LoginSettings,
    /// The rights of callers.
    #[command(flatten)]
    pub rights: RightsSettings,
    /// The audit.
    #[command(flatten)]
    pub audit: AuditSettings,
    /// Limits on the load.
    #[command(flatten)]
    pub load: Load,
    /// Calls to workflow clients.
    #[command(flatten)]
    pub clients: Clients,
    /// Waits of status calls.
    #[command(flatten)]
    pub waits: Waits,
    /// Other Temporal servers that callers may name.
    #[command(flatten)]
    pub others: OtherTemporals,
    /// URL of Temporal's own UI, for links to runs: `https://temporal.example.org/ui`. Without it, responses
    /// have no links.
    #[arg(long, env = "BRIDGE_TEMPORAL_UI_URL", value_name = "URL", value_parser = http_url)]
    pub temporal_ui_url: Option<Url>,
    /// Whether the bridge works in the configured Temporal itself: on or off. If on, a cancellation can be
    /// followed by a termination (escalateAfter), and intents have schedules. The bridge polls task queues
    /// named emco-bridge… while such a termination is pending, or there is a schedule.
    #[arg(long, env = "BRIDGE_ESCALATION", default_value = "on", value_name = "ON|OFF", value_parser = on_or_off, action = clap::ArgAction::Set)]
    pub escalation: bool,
    /// EMCO, which knows the deployment intent groups.
    #[command(flatten)]
    pub emco: EmcoSettings,
    /// The configured Temporal.
    #[command(flatten)]
    pub temporal: TemporalSettings,
    /// Alarms.
    #[command(flatten)]
    pub notify: NotifySettings,
    /// Logging.
    #[command(flatten)]
    pub log: LogSettings,
}

/// Limits on the load. Requests above a limit are refused at once, with 429 or 503 and `Retry-After`.
#[derive(Debug, Clone, clap::Args)]
pub struct Load {
    /// Maximum number of requests that are served at once, without those that wait.
    #[arg(long, env = "BRIDGE_MAX_REQUESTS", default_value = "1000", value_name = "NUMBER")]
    pub max_requests: usize,
    /// Maximum number of status calls that wait at once, event streams included.
    #[arg(long, env = "BRIDGE_MAX_WAITS", default_value = "20000", value_name = "NUMBER")]
    pub max_waits: usize,
    /// Maximum number of changes (POST, PUT, DELETE) per second and caller, with bursts of twice as many; 0
    /// means no limit. Callers are counted by their proven identity, else by their address.
    #[arg(long, env = "BRIDGE_MAX_CHANGES", default_value = "5000", value_name = "NUMBER")]
    pub max_changes: u32,
    /// Maximum number of reads (GET) per second and caller, counted in the same way; 0 means no limit.
    #[arg(long, env = "BRIDGE_MAX_READS", default_value = "5000", value_name = "NUMBER")]
    pub max_reads: u32,
}

/// Calls to workflow clients.
#[derive(Debug, Clone, clap::Args)]
pub struct Clients {
    /// Hosts of workflow clients that the bridge may call: patterns separated by commas. A pattern is a host
    /// name with `*` for any text, or a range of addresses, with a port if only that port is allowed
    /// (`*.emco.svc:9090,10.0.0.0/16`). Link-local and metadata addresses are never called.
    #[arg(long, env = "BRIDGE_CLIENT_HOSTS", default_value = "*", value_name = "PATTERNS", value_parser = some_hosts)]
    pub client_hosts: HostPatterns,
    /// TOML file of the workflow clients that are called over TLS, each with its authorities, certificate and
    /// token or token endpoint. All others are called over plain HTTP, as in EMCO. It is read again when it
    /// changes, and so are the files that it names.
    #[arg(long, env = "BRIDGE_CLIENTS", value_name = "FILE")]
    pub clients: Option<PathBuf>,
    /// Timeout for a workflow client's response to a start. It should be longer than the client's own
    /// timeout, so that its response arrives.
    #[arg(long, env = "BRIDGE_START_TIMEOUT", default_value = "15s", value_name = "TIME", value_parser = duration)]
    pub start_timeout: Duration,
    /// Timeout for asking the workflow client to validate an intent before it is stored. If the client does
    /// not respond in time, or has no catalogue, the intent is stored unchecked. Signals, updates and queries
    /// are checked before they are sent, within this time and 1 s. 0s disables both checks.
    #[arg(long, env = "BRIDGE_CLIENT_CHECK", default_value = "2s", value_name = "TIME", value_parser = duration)]
    pub client_check: Duration,
    /// How long an Idempotency-Key is kept after its first use. A start with the same key within this time is
    /// a repeat of the first one.
    #[arg(long, env = "BRIDGE_KEY_RETENTION", default_value = "168h", value_name = "TIME", value_parser = duration)]
    pub key_retention: Duration,
    /// Callers that get another status than 204 for a successful start: rules `USER-AGENT[@NETWORK]=STATUS`
    /// separated by commas. The first rule that matches is used; a user agent may end in `*` for any text.
    /// EMCO's policy controller accepts only 201: `Go-http-client/*@10.42.0.0/16=201`. The caller's own
    /// `?successStatus=` takes precedence.
    #[arg(long, env = "BRIDGE_SUCCESS_STATUS", default_value = "", value_name = "RULES")]
    pub success_status: SuccessRules,
}

/// EMCO, which knows the deployment intent groups.
#[derive(Debug, Clone, clap::Args)]
pub struct EmcoSettings {
    /// URL of EMCO's orchestrator, or of an ingress before it. An intent can then be created only in a
    /// deployment intent group that exists there. Without this setting, groups are not checked.
    #[arg(long = "emco-url", env = "BRIDGE_EMCO_URL", value_name = "URL", value_parser = emco_url)]
    pub url: Option<String>,
    /// File with the bearer token for EMCO. It is read again for each call.
    #[arg(long = "emco-token-file", env = "BRIDGE_EMCO_TOKEN_FILE", value_name = "FILE", requires = "url")]
    pub token_file: Option<PathBuf>,
    /// File with certificates (PEM) of authorities to trust for EMCO, in addition to the system's.
    #[arg(long = "emco-ca-file", env = "BRIDGE_EMCO_CA_FILE", value_name = "FILE", requires = "url")]
    pub ca_file: Option<PathBuf>,
}

/// Temporal servers and namespaces that callers may name in addition to the configured ones. By default there
/// are none.
#[derive(Debug, Clone, clap::Args)]
pub struct OtherTemporals {
    /// TOML file of Temporal servers that callers may name, each with its namespaces and credentials.
    #[arg(long, env = "BRIDGE_TARGETS", value_name = "FILE")]
    pub targets: Option<RegisteredTargets>,
    /// Other Temporal servers that callers may name: patterns as in BRIDGE_CLIENT_HOSTS. They are called
    /// without credentials.
    #[arg(long, env = "BRIDGE_TEMPORAL_SERVERS", default_value = "", value_name = "PATTERNS")]
    pub temporal_servers: HostPatterns,
    /// Namespaces that callers may name on servers that BRIDGE_TARGETS does not list: patterns separated by
    /// commas, with `*` for any text.
    #[arg(long, env = "BRIDGE_TEMPORAL_NAMESPACES", default_value = "", value_name = "PATTERNS")]
    pub temporal_namespaces: NamespacePatterns,
}

/// Waits of status calls.
#[derive(Debug, Clone, clap::Args)]
pub struct Waits {
    /// How long a status call with waitForResult waits if it has no `timeout`.
    #[arg(long, env = "BRIDGE_WAIT", default_value = "30s", value_name = "TIME", value_parser = duration)]
    pub wait: Duration,
    /// The longest wait that a status call may request.
    #[arg(long, env = "BRIDGE_MAX_WAIT", default_value = "5m", value_name = "TIME", value_parser = duration)]
    pub max_wait: Duration,
}

impl Settings {
    /// Checks that the settings fit together.
    ///
    /// # Errors
    /// Returns the settings that contradict each other.
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.linger > self.drain {
            return Err(SettingsError::Linger { linger: self.linger, drain: self.drain });
        }
        Ok(())
    }
}

/// Why settings contradict each other.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// New connections would be accepted for longer than the process lives.
    #[error("BRIDGE_LINGER ({linger:?}) is a part of BRIDGE_DRAIN ({drain:?}): it must not be longer")]
    Linger {
        /// The value of BRIDGE_LINGER.
        linger: Duration,
        /// The value of BRIDGE_DRAIN.
        drain: Duration,
    },
}

/// Parses patterns of hosts. At least one is required: without any, no intent could be started.
pub(crate) fn some_hosts(text: &str) -> Result<HostPatterns, String> {
    let hosts: HostPatterns = text.parse()?;
    if hosts.is_empty() {
        Err("write at least one pattern; `*` allows any host".to_owned())
    } else {
        Ok(hosts)
    }
}

fn emco_url(text: &str) -> Result<String, &'static str> {
    match http_url(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("write an address such as http://orchestrator.emco:9015"),
    }
}

pub(crate) fn http_url(text: &str) -> Result<Url, String> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none())
        .ok_or_else(|| "write an address such as https://temporal.example.org".to_owned())
}

fn on_or_off(text: &str) -> Result<bool, &'static str> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("write on or off"),
    }
}
