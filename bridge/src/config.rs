//! The settings of `bridge serve`: flags over environment over defaults.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use bridge_clients::SecuredClients;
use bridge_http::SuccessRules;
use bridge_store::DatabaseUrl;
use bridge_temporal::{NamespacePatterns, RegisteredTargets};
use service::hosts::HostPatterns;
use service::settings::{ListenAddress, duration};
use service::telemetry::LogSettings;
use temporal::TemporalSettings;
use url::Url;

pub use crate::secure::Secure;

/// The settings of `bridge serve`.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// Where to listen: host:port, or :port for all addresses.
    #[arg(long, env = "BRIDGE_LISTEN", default_value = "0.0.0.0:9095", value_name = "ADDRESS")]
    pub listen: ListenAddress,
    /// Where intents and runs are kept: sqlite:///path/to/file, sqlite:file, sqlite::memory: for as long as the process lives,
    /// or postgres://user@host/database, which replicas may share. A password is better kept in the file that PGPASSFILE names.
    #[arg(
        long,
        env = "BRIDGE_DATABASE",
        default_value = "sqlite:bridge.db",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database: DatabaseUrl,
    /// How many connections to PostgreSQL this replica opens at most. The server's own limit, 100 by default, is shared by all replicas.
    #[arg(long, env = "BRIDGE_DATABASE_CONNECTIONS", default_value = "16", value_name = "NUMBER")]
    pub database_connections: NonZeroU32,
    /// How long requests under way may take when the process is told to end.
    #[arg(long, env = "BRIDGE_DRAIN", default_value = "30s", value_name = "TIME", value_parser = duration)]
    pub drain: Duration,
    /// How long new connections are still taken when the process is told to end: until load balancers have heard of it. A part of
    /// BRIDGE_DRAIN.
    #[arg(long, env = "BRIDGE_LINGER", default_value = "2s", value_name = "TIME", value_parser = duration)]
    pub linger: Duration,
    /// Who is let in, and over what.
    #[command(flatten)]
    pub secure: Secure,
    /// How much is taken on.
    #[command(flatten)]
    pub load: Load,
    /// How workflow clients are called.
    #[command(flatten)]
    pub clients: Clients,
    /// How long status calls wait.
    #[command(flatten)]
    pub waits: Waits,
    /// Which other Temporals callers may name.
    #[command(flatten)]
    pub others: OtherTemporals,
    /// Where Temporal's own UI is, for links to runs: `https://temporal.example.org/ui`. None without.
    #[arg(long, env = "BRIDGE_TEMPORAL_UI_URL", value_name = "URL", value_parser = http_url)]
    pub temporal_ui_url: Option<Url>,
    /// Whether a cancellation may end in a termination later (escalateAfter). Where it may, the bridge polls the task queue
    /// emco-bridge of the configured Temporal while there is any: on or off.
    #[arg(long, env = "BRIDGE_ESCALATION", default_value = "on", value_name = "ON|OFF", value_parser = on_or_off, action = clap::ArgAction::Set)]
    pub escalation: bool,
    /// Who vouches for deployment intent groups.
    #[command(flatten)]
    pub emco: EmcoSettings,
    /// The configured Temporal.
    #[command(flatten)]
    pub temporal: TemporalSettings,
    /// Logging.
    #[command(flatten)]
    pub log: LogSettings,
}

/// How much is taken on. What is over is refused at once, with 429 or 503 and when to come back.
#[derive(Debug, Clone, clap::Args)]
pub struct Load {
    /// How many requests are taken on at once, waits apart.
    #[arg(long, env = "BRIDGE_MAX_REQUESTS", default_value = "1000", value_name = "NUMBER")]
    pub max_requests: usize,
    /// How many status calls may wait at once, event streams included.
    #[arg(long, env = "BRIDGE_MAX_WAITS", default_value = "20000", value_name = "NUMBER")]
    pub max_waits: usize,
    /// How many changes (POST, PUT, DELETE) one caller may ask for in a second, twice as many at once; 0 for any number. Callers are counted
    /// by their identity, where it is proven, else by their addresses.
    #[arg(long, env = "BRIDGE_MAX_CHANGES", default_value = "5000", value_name = "NUMBER")]
    pub max_changes: u32,
}

/// How workflow clients are called.
#[derive(Debug, Clone, clap::Args)]
pub struct Clients {
    /// Which workflow-client hosts may be called: patterns separated by commas, with `*` for any text, ranges of addresses, and a port
    /// where only that one is meant (`*.emco.svc:9090,10.0.0.0/16`). Link-local and metadata addresses never are.
    #[arg(long, env = "BRIDGE_CLIENT_HOSTS", default_value = "*", value_name = "PATTERNS", value_parser = some_hosts)]
    pub client_hosts: HostPatterns,
    /// A TOML file of the workflow clients that are called over TLS, with what they want: authorities, a certificate, a token. All others
    /// are called over plain HTTP, as EMCO does.
    #[arg(long, env = "BRIDGE_CLIENTS", value_name = "FILE")]
    pub clients: Option<SecuredClients>,
    /// How long a workflow client may take to answer a start. Longer than the client's own bound, so that its answer arrives.
    #[arg(long, env = "BRIDGE_START_TIMEOUT", default_value = "15s", value_name = "TIME", value_parser = duration)]
    pub start_timeout: Duration,
    /// How long a workflow client may take to say whether it would take an intent that is to be kept. One that is away, or has no
    /// catalogue, is not waited for any longer, and the intent is kept. 0s does not ask.
    #[arg(long, env = "BRIDGE_CLIENT_CHECK", default_value = "2s", value_name = "TIME", value_parser = duration)]
    pub client_check: Duration,
    /// How long an Idempotency-Key of a start stands for that start, from its first use on.
    #[arg(long, env = "BRIDGE_KEY_RETENTION", default_value = "168h", value_name = "TIME", value_parser = duration)]
    pub key_retention: Duration,
    /// Which callers want another status than 204 for a start that succeeded: rules `USER-AGENT[@NETWORK]=STATUS` separated by
    /// commas, of which the first that fits counts; a user agent may end in `*` for any text. For EMCO's policy controller, which takes 201 alone:
    /// `Go-http-client/*@10.42.0.0/16=201`. A caller's own `?successStatus=` comes first.
    #[arg(long, env = "BRIDGE_SUCCESS_STATUS", default_value = "", value_name = "RULES")]
    pub success_status: SuccessRules,
}

/// Who vouches for deployment intent groups.
#[derive(Debug, Clone, clap::Args)]
pub struct EmcoSettings {
    /// EMCO's orchestrator, or an ingress before it: an intent is created only under a deployment intent group that it knows.
    /// Groups are not checked where this is absent.
    #[arg(long = "emco-url", env = "BRIDGE_EMCO_URL", value_name = "URL", value_parser = emco_url)]
    pub url: Option<String>,
    /// The file with the bearer token for EMCO; read with each call, as it may change.
    #[arg(long = "emco-token-file", env = "BRIDGE_EMCO_TOKEN_FILE", value_name = "FILE", requires = "url")]
    pub token_file: Option<PathBuf>,
    /// The file with certificates (PEM) that vouch for EMCO, besides the system's.
    #[arg(long = "emco-ca-file", env = "BRIDGE_EMCO_CA_FILE", value_name = "FILE", requires = "url")]
    pub ca_file: Option<PathBuf>,
}

impl EmcoSettings {
    pub(crate) fn client(&self) -> bridge_clients::EmcoSettings {
        let Self { url, token_file, ca_file } = self.clone();
        bridge_clients::EmcoSettings { url, token_file, ca_file }
    }
}

/// Which Temporal servers and namespaces callers may name beside the configured ones. None by default.
#[derive(Debug, Clone, clap::Args)]
pub struct OtherTemporals {
    /// A TOML file of Temporal servers that callers may name, each with its namespaces and credentials.
    #[arg(long, env = "BRIDGE_TARGETS", value_name = "FILE")]
    pub targets: Option<RegisteredTargets>,
    /// Which other Temporal servers callers may name, as BRIDGE_CLIENT_HOSTS names hosts; they are reached without credentials.
    #[arg(long, env = "BRIDGE_TEMPORAL_SERVERS", default_value = "", value_name = "PATTERNS")]
    pub temporal_servers: HostPatterns,
    /// Which namespaces callers may name on servers that BRIDGE_TARGETS does not list: patterns separated by commas, with `*` for any
    /// text.
    #[arg(long, env = "BRIDGE_TEMPORAL_NAMESPACES", default_value = "", value_name = "PATTERNS")]
    pub temporal_namespaces: NamespacePatterns,
}

/// How long status calls wait.
#[derive(Debug, Clone, clap::Args)]
pub struct Waits {
    /// How long a status call with waitForResult waits when it does not say.
    #[arg(long, env = "BRIDGE_WAIT", default_value = "30s", value_name = "TIME", value_parser = duration)]
    pub wait: Duration,
    /// The longest wait that a status call may ask for.
    #[arg(long, env = "BRIDGE_MAX_WAIT", default_value = "5m", value_name = "TIME", value_parser = duration)]
    pub max_wait: Duration,
}

impl Settings {
    /// Whether the settings go together.
    ///
    /// # Errors
    /// When they do not.
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.linger > self.drain {
            return Err(SettingsError::Linger { linger: self.linger, drain: self.drain });
        }
        Ok(())
    }
}

/// Why settings do not go together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The process would have ended before.
    #[error("BRIDGE_LINGER ({linger:?}) is a part of BRIDGE_DRAIN ({drain:?}): write no more than that")]
    Linger {
        /// What was written.
        linger: Duration,
        /// What it is a part of.
        drain: Duration,
    },
}

/// Patterns of hosts, of which there must be one: without any, no intent could be started.
pub(crate) fn some_hosts(text: &str) -> Result<HostPatterns, String> {
    let hosts: HostPatterns = text.parse()?;
    if hosts.is_empty() { Err("write at least one pattern; `*` is any host".to_owned()) } else { Ok(hosts) }
}

fn emco_url(text: &str) -> Result<String, &'static str> {
    match http_url(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("write an address such as http://orchestrator.emco:9015"),
    }
}

fn http_url(text: &str) -> Result<Url, String> {
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        settings: Settings,
    }

    fn settings(arguments: &[&str]) -> Result<Settings, String> {
        service::settings::try_parse_from::<Program>(std::iter::once(&"bridge").chain(arguments))
            .map(|program| program.settings)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn everything_has_a_default() {
        let settings = settings(&[]).unwrap();
        assert_eq!(settings.listen.to_string(), "0.0.0.0:9095");
        assert_eq!(settings.database, DatabaseUrl::SqliteFile("bridge.db".into()));
    }

    #[test]
    fn lingering_is_a_part_of_draining() {
        assert!(settings(&["--linger", "2s", "--drain", "2s"]).unwrap().check().is_ok());
        let error = settings(&["--linger", "1m", "--drain", "2s"]).unwrap().check().unwrap_err().to_string();
        assert!(error.contains("BRIDGE_LINGER (60s)") && error.contains("BRIDGE_DRAIN (2s)"), "{error}");
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for (flag, value, variable) in [
            ("--listen", "nowhere", "BRIDGE_LISTEN"),
            ("--database", "mysql://host", "BRIDGE_DATABASE"),
            ("--drain", "soon", "BRIDGE_DRAIN"),
            ("--linger", "soon", "BRIDGE_LINGER"),
            ("--max-requests", "many", "BRIDGE_MAX_REQUESTS"),
            ("--max-waits", "many", "BRIDGE_MAX_WAITS"),
            ("--max-changes", "many", "BRIDGE_MAX_CHANGES"),
            ("--client-hosts", "http://host", "BRIDGE_CLIENT_HOSTS"),
            ("--start-timeout", "10", "BRIDGE_START_TIMEOUT"),
            ("--database-connections", "0", "BRIDGE_DATABASE_CONNECTIONS"),
            ("--clients", "/nowhere.toml", "BRIDGE_CLIENTS"),
            ("--client-check", "1", "BRIDGE_CLIENT_CHECK"),
            ("--key-retention", "1", "BRIDGE_KEY_RETENTION"),
            ("--success-status", "emcoctl", "BRIDGE_SUCCESS_STATUS"),
            ("--temporal-ui-url", "nowhere", "BRIDGE_TEMPORAL_UI_URL"),
            ("--wait", "x", "BRIDGE_WAIT"),
            ("--max-wait", "x", "BRIDGE_MAX_WAIT"),
            ("--targets", "/nowhere.toml", "BRIDGE_TARGETS"),
            ("--temporal-servers", "a b", "BRIDGE_TEMPORAL_SERVERS"),
            ("--user-header", "a b", "BRIDGE_USER_HEADER"),
            ("--trusted-proxies", "10.0.0.0/33", "BRIDGE_TRUSTED_PROXIES"),
            ("--escalation", "maybe", "BRIDGE_ESCALATION"),
            ("--client-hosts", ",", "BRIDGE_CLIENT_HOSTS"),
            ("--emco-url", "ftp://emco", "BRIDGE_EMCO_URL"),
        ] {
            let error = settings(&[flag, value]).unwrap_err();
            assert!(error.contains(variable), "{error}");
            // A database's URL may hold a password.
            assert_eq!(error.contains(value), flag != "--database", "{error}");
        }
    }
}
