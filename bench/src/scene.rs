//! Our processes, as they ship: release builds, started with a Temporal's address, asked over HTTP.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use harness::{Process, SAMPLE_DIG, free_port};
use http::StatusCode;
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::load::{HttpCall, Request};
use crate::payload;

const READY_WITHIN: Duration = Duration::from_secs(30);
/// Requests are let go on for a while first, as long as there are any.
const ENDS_WITHIN: Duration = Duration::from_secs(60);
/// `USER_HZ`, in which Linux tells processor times to programs: the same on all machines of its kind.
const TICKS_PER_SECOND: f64 = 100.0;
/// The intent whose starts are workflows of their own.
pub(crate) const STARTED: &str = "started";
/// The intent of the one workflow that is asked after.
pub(crate) const DESCRIBED: &str = "described";

/// Bridge and workflow client before one Temporal.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) bridge: Program,
    pub(crate) client: Program,
    _directory: TempDir,
}

/// A process of ours that serves HTTP.
#[derive(Debug)]
pub(crate) struct Program {
    process: Process,
    pub(crate) port: u16,
    /// From its start to its first 200 on `/readyz`, in milliseconds.
    pub(crate) ready_ms: f64,
}

impl Scene {
    pub(crate) async fn start(programs: &Programs, temporal: &str) -> Result<Self> {
        Self::on(programs, temporal, temporal).await
    }

    /// The client asks Temporal at another address than the bridge.
    pub(crate) async fn on(programs: &Programs, bridges: &str, clients: &str) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let client = programs.client(clients).await?;
        let bridge = programs.bridge(bridges, directory.path()).await?;
        let scene = Self { bridge, client, _directory: directory };
        for (name, workflow_id) in
            [(STARTED, payload::workflow_id("{{uuid}}")), (DESCRIBED, DESCRIBED.to_owned())]
        {
            let intent = payload::intent(name, &workflow_id, scene.client.port).to_string();
            let create = Request::post(intents(), &intent).expects(StatusCode::CREATED);
            scene.bridge.ask(&create).await?;
        }
        scene.bridge.ask(&Request::post(start(DESCRIBED), "")).await?;
        Ok(scene)
    }

    /// Ends them as an operator would: a program that counts what runs writes that down at its end.
    pub(crate) async fn end(mut self) -> Result<()> {
        for program in [&mut self.bridge, &mut self.client] {
            program.process.terminate()?;
            let status = program.process.wait_exit(ENDS_WITHIN).await?;
            ensure!(status.success(), "{status}\n{}", program.process.tail());
        }
        Ok(())
    }
}

/// The collection of the sample group's intents.
fn intents() -> String {
    format!("{SAMPLE_DIG}/temporal-workflow-intents")
}

/// Where an intent is started.
pub(crate) fn start(intent: &str) -> String {
    format!("{}/{intent}/start", intents())
}

/// What is asked of a workflow's status.
pub(crate) fn status(intent: &str, query: &str) -> String {
    format!("{}/{intent}/status?{query}", intents())
}

/// Where the programs lie.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) folder: PathBuf,
}

impl Programs {
    pub(crate) async fn client(&self, temporal: &str) -> Result<Program> {
        self.program("sample-client", &["--listen"], temporal, &[]).await
    }

    /// On an SQLite database in this folder.
    pub(crate) async fn bridge(&self, temporal: &str, folder: &Path) -> Result<Program> {
        let database = format!("sqlite://{}", folder.join("bridge.db").display());
        let env = [("BRIDGE_DATABASE", database.as_str()), ("BRIDGE_MAX_CHANGES", "0")];
        self.program("bridge", &["serve", "--listen"], temporal, &env).await
    }

    pub(crate) async fn worker(&self, temporal: &str) -> Result<Program> {
        self.program("sample-worker", &["--operations-listen"], temporal, &[]).await
    }

    async fn program(
        &self,
        name: &str,
        args: &[&str],
        temporal: &str,
        env: &[(&str, &str)],
    ) -> Result<Program> {
        let port = free_port();
        let path = self.folder.join(name);
        ensure!(path.is_file(), "{} is not there", path.display());
        let process = Process::builder(path)
            .args(args.iter().copied())
            .arg(format!("127.0.0.1:{port}"))
            .env("TEMPORAL_ADDRESS", temporal)
            .env("LOG_LEVEL", "warn");
        let process = env.iter().fold(process, |process, (key, value)| process.env(*key, *value));
        let since = Instant::now();
        let process = process.spawn()?;
        let mut program = Program { process, port, ready_ms: 0.0 };
        let ready = Request::get("/readyz");
        while program.ask(&ready).await.is_err() {
            ensure!(since.elapsed() < READY_WITHIN, "{name} is not ready\n{}", program.process.tail());
            ensure!(program.process.exit_status()?.is_none(), "{name} ended\n{}", program.process.tail());
            // What is measured is in milliseconds.
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        program.ready_ms = since.elapsed().as_secs_f64() * 1e3;
        Ok(program)
    }
}

/// Starts this very program as something else, in a process of its own that listens where the answer says.
pub(crate) async fn aside(what: &str, args: &[&str]) -> Result<(Process, SocketAddr)> {
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let program = std::env::current_exe().context("no program to start again")?;
    let process = Process::builder(program).arg(what).arg(address.to_string());
    let mut process = process.args(args.iter().copied()).spawn()?;
    let since = Instant::now();
    while TcpStream::connect(address).await.is_err() {
        ensure!(since.elapsed() < READY_WITHIN, "the {what} does not listen\n{}", process.tail());
        ensure!(process.exit_status()?.is_none(), "the {what} ended\n{}", process.tail());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok((process, address))
}

impl Program {
    /// Asks once, over a connection of its own.
    pub(crate) async fn ask(&self, request: &Request) -> Result<String> {
        let body = HttpCall::connect(self.port, request).await?.ask().await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Processor time used so far, user and system, of all threads, in microseconds (`proc_pid_stat(5)`).
    pub(crate) fn cpu_us(&self) -> Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.process.pid()))?;
        // The name, in brackets, may hold anything.
        let fields = text.rsplit(')').next().unwrap_or_default();
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
        let ticks: u64 = ticks.sum::<Result<_, _>>().context("no processor times in /proc")?;
        Ok(ticks as f64 * 1e6 / TICKS_PER_SECOND)
    }

    /// Resident memory now, in KiB.
    pub(crate) fn resident_kib(&self) -> Result<f64> {
        self.memory("VmRSS:")
    }

    /// The most resident memory since [`Program::forget_peak`], in KiB.
    pub(crate) fn peak_kib(&self) -> Result<f64> {
        self.memory("VmHWM:")
    }

    /// Counts the peak from now on (`proc_pid_clear_refs(5)`).
    pub(crate) fn forget_peak(&self) -> Result<()> {
        std::fs::write(format!("/proc/{}/clear_refs", self.process.pid()), "5").context("no peak to reset")
    }

    fn memory(&self, name: &str) -> Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.process.pid()))?;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next());
        kib.and_then(|kib| kib.parse().ok()).with_context(|| format!("no {name} in /proc"))
    }

    /// One of its metrics, without labels.
    pub(crate) async fn metric(&self, name: &str) -> Result<f64> {
        let text = self.ask(&Request::get("/metrics")).await?;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(Ok(0.0), |value| value.parse().context("a metric that is no number"))
    }
}
