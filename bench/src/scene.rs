//! Our processes, connected to one Temporal, and requests to them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use harness::{Process, SAMPLE_DIG, free_port};
use http::StatusCode;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::http::{HttpCall, Request, UUID};
use crate::issuer::Issuer;
use crate::payload;

const READY_WITHIN: Duration = Duration::from_secs(30);
const ENDED_WITHIN: Duration = Duration::from_secs(60);
/// The time that requests in progress may take when a process stops.
const DRAIN: &str = "2s";
/// `USER_HZ`, in which Linux counts processor time for programs.
const TICKS_PER_SECOND: f64 = 100.0;
/// The intent of which each start is a new workflow.
const STARTED: &str = "started";
/// The name of the intent, and the ID, of the workflow whose status is requested.
pub(crate) const DESCRIBED: &str = "described";
/// The intent of which each start has the same workflow ID; its name, and the ID.
const ONE_ID: &str = "one-id";
/// The query of a plain status request.
pub(crate) const STATUS: &str = "runDescribeWfExec=true";

/// Bridge and workflow client with one Temporal.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) bridge: Program,
    pub(crate) client: Program,
    _directory: TempDir,
}

impl Scene {
    pub(crate) async fn start(programs: &Programs, temporal: &str) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let client = programs.client(temporal).await?;
        let bridge = programs.bridge(temporal, directory.path()).await?;
        let many = payload::workflow_id("{{uuid}}");
        for (name, workflow_id) in [(STARTED, &*many), (DESCRIBED, DESCRIBED), (ONE_ID, ONE_ID)] {
            let intent = payload::intent(name, workflow_id, client.port);
            bridge.ask(&Request::post(intents(), intent, StatusCode::CREATED)).await?;
        }
        bridge.ask(&start(DESCRIBED)).await?;
        Ok(Self { bridge, client, _directory: directory })
    }

    /// Connects for `POST /invoke` of the client, which starts a new workflow each time.
    pub(crate) async fn invoke(&self) -> Result<HttpCall> {
        HttpCall::connect(self.client.port, &invoke()).await
    }

    /// Connects for `POST …/start` of the bridge, which starts a new workflow each time.
    pub(crate) async fn start_intent(&self) -> Result<HttpCall> {
        HttpCall::connect(self.bridge.port, &start(STARTED)).await
    }

    /// Connects for `POST …/start` of the bridge, which has the same workflow ID each time.
    pub(crate) async fn start_one_id(&self) -> Result<HttpCall> {
        HttpCall::connect(self.bridge.port, &start(ONE_ID)).await
    }

    /// Connects for `GET …/status` of the bridge, of the workflow [`DESCRIBED`].
    pub(crate) async fn status(&self, query: &str) -> Result<HttpCall> {
        HttpCall::connect(self.bridge.port, &Request::get(status_path(query))).await
    }
}

/// A bridge that accepts the tokens of an issuer, with the rights that their owner needs.
pub(crate) struct Secure {
    bridge: Program,
    token: String,
    _directory: TempDir,
}

/// All that the owner may do.
const RIGHTS: &str = r#"
[[binding]]
name = "intents"
role = "author"
subjects = [{ user = "admin", issuer = "bench" }]
scope = "**"
uses = { clients = ["*"], taskQueues = ["*"], workflows = ["*"] }

[[binding]]
name = "runs"
role = "operator"
subjects = [{ user = "admin", issuer = "bench" }]
scope = "**"
"#;

impl Secure {
    /// Starts it with the intent of the workflow [`DESCRIBED`].
    pub(crate) async fn start(programs: &Programs, temporal: &str, client_port: u16) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let issuer = Issuer::start().await?;
        let write = |name: &str, text: &str| -> Result<String> {
            let file = directory.path().join(name);
            std::fs::write(&file, text)?;
            Ok(file.display().to_string())
        };
        let (issuers, rights) = (write("issuers.toml", &issuer.settings)?, write("rights.toml", RIGHTS)?);
        let settings = [("BRIDGE_ISSUERS", &*issuers), ("BRIDGE_RIGHTS", &*rights)];
        let bridge = programs.bridge_with(temporal, directory.path(), &settings).await?;
        let token = issuer.token("admin")?;
        let intent = payload::intent(DESCRIBED, DESCRIBED, client_port);
        let create = Request::post(intents(), intent, StatusCode::CREATED).with_token(&token);
        bridge.ask(&create).await?;
        Ok(Self { bridge, token, _directory: directory })
    }

    /// Connects for `GET …/status` of the workflow [`DESCRIBED`].
    pub(crate) async fn status(&self, query: &str) -> Result<HttpCall> {
        HttpCall::connect(self.bridge.port, &Request::get(status_path(query)).with_token(&self.token)).await
    }
}

/// Returns the path of the intents of the sample's group.
pub(crate) fn intents() -> String {
    format!("{SAMPLE_DIG}/temporal-workflow-intents")
}

/// Returns the request `POST /invoke`, which starts a new workflow each time.
pub(crate) fn invoke() -> Request {
    let invocation = payload::invocation(&payload::workflow_id(UUID));
    Request::post("/invoke/migrate_workflowclient", invocation, StatusCode::NO_CONTENT)
}

fn start(intent: &str) -> Request {
    Request::post(format!("{}/{intent}/start", intents()), "", StatusCode::NO_CONTENT)
}

/// Returns the path of a status request for the workflow [`DESCRIBED`].
pub(crate) fn status_path(query: &str) -> String {
    format!("{}/{DESCRIBED}/status?{query}", intents())
}

/// The folder of the programs.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) folder: PathBuf,
}

impl Programs {
    pub(crate) async fn client(&self, temporal: &str) -> Result<Program> {
        let env = [("CLIENT_DRAIN", DRAIN), ("CLIENT_LINGER", "0s"), ("CLIENT_TASK_QUEUE", payload::QUEUE)];
        Program::start(&self.folder.join("sample-client"), &["--listen"], temporal, &env).await
    }

    /// Starts a bridge with an SQLite database in `folder`.
    pub(crate) async fn bridge(&self, temporal: &str, folder: &Path) -> Result<Program> {
        self.bridge_with(temporal, folder, &[]).await
    }

    /// Starts a bridge with such a database and more settings.
    pub(crate) async fn bridge_with(
        &self,
        temporal: &str,
        folder: &Path,
        settings: &[(&str, &str)],
    ) -> Result<Program> {
        let database = format!("sqlite://{}", folder.join("bridge.db").display());
        let env = [
            ("BRIDGE_DATABASE", database.as_str()),
            ("BRIDGE_MAX_CHANGES", "0"),
            ("BRIDGE_MAX_READS", "0"),
            ("BRIDGE_DRAIN", DRAIN),
            ("BRIDGE_LINGER", "0s"),
        ];
        let env = [&env, settings].concat();
        Program::start(&self.folder.join("bridge"), &["serve", "--listen"], temporal, &env).await
    }

    pub(crate) async fn worker(&self, temporal: &str) -> Result<Program> {
        Program::start(&self.folder.join("sample-worker"), &["--operations-listen"], temporal, &[]).await
    }
}

/// A process that serves HTTP.
#[derive(Debug)]
pub(crate) struct Program {
    process: Process,
    pub(crate) port: u16,
    /// From its start to its first 200 on `/readyz`, in milliseconds.
    pub(crate) ready_ms: f64,
}

impl Program {
    /// `args` end with the option that takes an address to listen on.
    async fn start(path: &Path, args: &[&str], temporal: &str, env: &[(&str, &str)]) -> Result<Self> {
        ensure!(path.is_file(), "{} is not there", path.display());
        let port = free_port();
        let process = Process::builder(path)
            .args(args.iter().copied())
            .arg(format!("127.0.0.1:{port}"))
            .env("TEMPORAL_ADDRESS", temporal)
            .env("LOG_LEVEL", "warn");
        let process = env.iter().fold(process, |process, (key, value)| process.env(*key, *value));
        let since = Instant::now();
        let mut program = Self { process: process.spawn()?, port, ready_ms: 0.0 };
        let ready = Request::get("/readyz");
        while program.ask(&ready).await.is_err() {
            let ended = program.process.exit_status()?.is_some() || since.elapsed() > READY_WITHIN;
            ensure!(!ended, "{} does not get ready\n{}", path.display(), program.process.tail());
            // Much shorter than the times that are measured.
            sleep(Duration::from_micros(500)).await;
        }
        program.ready_ms = since.elapsed().as_secs_f64() * 1e3;
        Ok(program)
    }

    /// Sends SIGTERM, and returns the time until the process has ended, in seconds.
    pub(crate) async fn stop(&mut self) -> Result<f64> {
        let since = Instant::now();
        self.process.terminate()?;
        self.process.wait_exit(ENDED_WITHIN).await?;
        Ok(since.elapsed().as_secs_f64())
    }

    /// Makes a request over a new connection.
    pub(crate) async fn ask(&self, request: &Request) -> Result<String> {
        HttpCall::connect(self.port, request).await?.ask().await
    }

    /// Returns the processor time used so far, user and system, in microseconds (`proc_pid_stat(5)`).
    pub(crate) fn cpu_us(&self) -> Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.process.pid()))?;
        // The name, in brackets, may hold anything.
        let fields = text.rsplit(')').next().unwrap_or_default();
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
        let ticks: u64 = ticks.sum::<Result<_, _>>().context("no processor times in /proc")?;
        Ok(ticks as f64 * 1e6 / TICKS_PER_SECOND)
    }

    /// Returns the resident memory now, in KiB.
    pub(crate) fn resident_kib(&self) -> Result<f64> {
        self.memory("VmRSS:")
    }

    /// Returns the peak of resident memory since [`Program::forget_peak`], in KiB.
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

    /// Returns the value of a metric without labels.
    pub(crate) async fn metric(&self, name: &str) -> Result<f64> {
        let text = self.ask(&Request::get("/metrics")).await?;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(Ok(0.0), |value| value.parse().with_context(|| format!("{name} is not a number")))
    }
}
