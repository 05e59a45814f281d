//! Temporal dev servers: one for a single test, or the one that all tests share.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::port::on_free_ports;
use crate::{Process, free_port, leash, process, temporal_cli};

const CLI_LIMIT: Duration = Duration::from_secs(60);

/// The official dev server, listening on 127.0.0.1.
#[derive(Debug)]
pub struct TemporalServer {
    address: String,
    ui_url: Option<String>,
    /// `None` for a server that was not started here.
    own: Option<Own>,
}

#[derive(Debug)]
struct Own {
    process: Process,
    health_url: String,
    /// The folder of the database, which outlives a kill.
    _directory: Option<TempDir>,
}

/// How to start a dev server.
#[derive(Clone, Debug, Default)]
pub struct TemporalOptions {
    /// Whether to serve Temporal's web UI too.
    pub ui: bool,
    /// Custom search attributes: name and type (`Keyword`, `Int`, …).
    pub search_attributes: Vec<(String, String)>,
    /// Namespaces beside `default`.
    pub namespaces: Vec<String>,
    /// Whether to keep everything in memory, which is faster, but lost with a restart.
    pub in_memory: bool,
}

impl TemporalOptions {
    /// Starts a server and waits until it is ready.
    pub async fn start(self) -> Result<TemporalServer> {
        on_free_ports(async || self.try_start().await).await.context("the Temporal dev server does not start")
    }

    async fn try_start(&self) -> Result<TemporalServer> {
        let directory = if self.in_memory { None } else { Some(tempfile::tempdir()?) };
        let (port, http_port, ui_port) = (free_port(), free_port(), free_port());
        let mut server = Process::builder(temporal_cli()?)
            .args(["server", "start-dev", "--ip", "127.0.0.1", "--log-level", "error"])
            .args(["--dynamic-config-value", "frontend.WorkflowPauseEnabled=true"])
            .args(["--port", &port.to_string(), "--http-port", &http_port.to_string()]);
        server = match self.ui {
            true => server.args(["--ui-port", &ui_port.to_string()]),
            false => server.arg("--headless"),
        };
        if let Some(directory) = &directory {
            server = server.arg("--db-filename").arg(directory.path().join("temporal.db"));
        }
        for (name, kind) in &self.search_attributes {
            server = server.args(["--search-attribute", &format!("{name}={kind}")]);
        }
        for namespace in &self.namespaces {
            server = server.args(["--namespace", namespace]);
        }
        let mut process = server.spawn()?;
        // The frontend answers this from the database, so workflows can be started after it.
        let health_url = format!("http://127.0.0.1:{http_port}/api/v1/namespaces/default");
        process.wait_ready(&health_url).await?;
        Ok(TemporalServer {
            address: format!("127.0.0.1:{port}"),
            ui_url: self.ui.then(|| format!("http://127.0.0.1:{ui_port}")),
            own: Some(Own { process, health_url, _directory: directory }),
        })
    }
}

impl TemporalServer {
    /// Starts a server, which the caller can kill and restart.
    pub async fn start() -> Result<Self> {
        TemporalOptions::default().start().await
    }

    /// Returns the server that all tests share: the one in `TEMPORAL_TEST_ADDRESS` (`cargo xtask test` sets it), else
    /// one for each process.
    pub async fn shared() -> Result<&'static Self> {
        static SHARED: OnceCell<TemporalServer> = OnceCell::const_new();
        SHARED
            .get_or_try_init(async || match std::env::var("TEMPORAL_TEST_ADDRESS") {
                Ok(address) => Ok(Self { address, ui_url: None, own: None }),
                Err(_) => TemporalOptions { in_memory: true, ..TemporalOptions::default() }.start().await,
            })
            .await
    }

    /// `127.0.0.1:port` of the gRPC service.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// `http://127.0.0.1:port` of the gRPC service, as the SDK takes it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The URL of Temporal's web UI, if it is served.
    pub fn ui_url(&self) -> Option<&str> {
        self.ui_url.as_deref()
    }

    /// Runs Temporal's own command line, `temporal <args> -o json`, and returns its output: `null` if it is empty, a
    /// string if it is plain text.
    pub async fn cli<A: AsRef<str>>(&self, args: &[A]) -> Result<Value> {
        let args: Vec<&str> = args.iter().map(AsRef::as_ref).collect();
        let mut command = std::process::Command::new(temporal_cli()?);
        process::clear_env(&mut command);
        command.args(&args).args(["--address", &self.address, "--output", "json"]);
        let mut command = tokio::process::Command::from(command);
        command.kill_on_drop(true).process_group(leash::group()?);
        let asked = || format!("`temporal {}`", args.join(" "));
        let output = tokio::time::timeout(CLI_LIMIT, command.output())
            .await
            .with_context(|| format!("{} does not end within {CLI_LIMIT:?}", asked()))?
            .with_context(|| format!("{} does not start", asked()))?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{}: {}", asked(), stderr.trim());
        let text = String::from_utf8_lossy(&output.stdout);
        match text.trim() {
            "" => Ok(Value::Null),
            text => Ok(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))),
        }
    }

    /// Kills the server (SIGKILL). Its database stays.
    pub fn kill(&mut self) -> Result<()> {
        self.own()?.process.kill()
    }

    /// Starts the server again on the same ports with the same database, after killing it if it still runs.
    pub async fn restart(&mut self) -> Result<()> {
        let own = self.own()?;
        own.process.restart()?;
        own.process.wait_ready(&own.health_url).await
    }

    fn own(&mut self) -> Result<&mut Own> {
        self.own.as_mut().context("this Temporal server was not started here")
    }
}
