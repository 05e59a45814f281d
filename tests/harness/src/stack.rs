//! The whole system on one machine: Temporal, EMCO's stand-in, bridge, workflow client and worker.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

use crate::eventually::until;
use crate::process::Process;
use crate::sample::{SAMPLE_DIG, sample_intent};
use crate::{TemporalOptions, TemporalServer, call, free_port, program};

const LOADED_WITHIN: Duration = Duration::from_secs(30);
const DRAINED_WITHIN: Duration = Duration::from_secs(15);

/// Every process of the main path, on free ports. Each can be killed, terminated and restarted by itself.
#[derive(Debug)]
pub struct Stack {
    /// The Temporal dev server, with its database in a file.
    pub temporal: TemporalServer,
    /// EMCO's stand-in, loaded with EMCO's sample documents 00 to 03.
    pub emco: Member,
    /// The bridge, on SQLite in a file.
    pub bridge: Member,
    /// The sample workflow client.
    pub client: Member,
    /// The sample worker; its URL serves health and metrics.
    pub worker: Member,
    env: Variables,
    /// The folder of the bridge's database.
    _directory: TempDir,
}

/// Environment variables: name and value.
type Variables = Vec<(OsString, OsString)>;

/// How to start a [`Stack`].
#[derive(Clone, Debug, Default)]
pub struct StackOptions {
    /// How Temporal is started.
    pub temporal: TemporalOptions,
    /// Variables for our processes and the stand-in, beside the addresses that the stack sets.
    pub env: Variables,
    /// The port of the bridge; `None`: a free one.
    pub bridge_port: Option<u16>,
    /// Files of documents that EMCO's stand-in loads beside EMCO's sample.
    pub load: Vec<OsString>,
}

/// One process of a [`Stack`].
#[derive(Debug)]
pub struct Member {
    /// The process itself.
    pub process: Process,
    port: u16,
    ready_path: &'static str,
}

impl Stack {
    /// Starts everything and waits until all of it is ready.
    pub async fn start() -> Result<Self> {
        StackOptions::default().start().await
    }

    /// Returns the URL of the workflow intents of the sample deployment intent group in the bridge (EMCO-API §1.1).
    pub fn intents_url(&self) -> String {
        format!("{}{SAMPLE_DIG}/temporal-workflow-intents", self.bridge.url())
    }

    /// Returns EMCO's sample intent, with the addresses of this stack.
    pub fn sample_intent(&self) -> Value {
        sample_intent("127.0.0.1", self.client.port, &self.emco.url())
    }

    /// Starts another bridge beside the stack's own, on the same database, which must be one that several can share.
    pub async fn another_bridge(&self) -> Result<Member> {
        let mut bridge = Member::bridge(free_port(), &self.env)?;
        bridge.wait_ready().await?;
        Ok(bridge)
    }

    /// Returns EMCO's status of the sample deployment intent group: readiness, and the clusters of each app.
    pub async fn dig_status(&self) -> Result<Value> {
        let url = format!("{}{SAMPLE_DIG}/status?status=ready", self.emco.url());
        call(Method::GET, &url, &Value::Null, StatusCode::OK).await
    }

    /// Waits until the stand-in's apps are ready, which takes a while as with real ones.
    async fn sample_app_ready(&self) -> Result<()> {
        until(LOADED_WITHIN, async || {
            let status = self.dig_status().await?;
            ensure!(status["readyStatus"] == "Ready", "{status}");
            Ok(())
        })
        .await
        .map_err(|state| anyhow!("EMCO's stand-in does not have the sample app ready: {state}"))
    }

    /// Returns the processes, each before those that it calls.
    pub fn members(&mut self) -> [&mut Member; 4] {
        [&mut self.bridge, &mut self.client, &mut self.worker, &mut self.emco]
    }

    /// Terminates our processes with SIGTERM, each before those that it calls, and waits until they have ended.
    pub async fn stop(mut self) -> Result<()> {
        for member in self.members() {
            member.stop().await?;
        }
        Ok(())
    }
}

impl StackOptions {
    /// Starts everything and waits until all of it is ready.
    pub async fn start(self) -> Result<Stack> {
        let directory = tempfile::tempdir()?;
        let database = format!("sqlite://{}", directory.path().join("bridge.db").display());
        let temporal = self.temporal.clone().start().await?;
        let mut env = vec![
            ("TEMPORAL_ADDRESS".into(), temporal.address().into()),
            ("BRIDGE_DATABASE".into(), database.into()),
        ];
        // The last value of a variable takes precedence.
        env.extend(self.env);
        let mut stack = Stack {
            emco: Member::emco(&self.load, &env)?,
            bridge: Member::bridge(self.bridge_port.unwrap_or_else(free_port), &env)?,
            client: Member::spawn("sample-client", &["--listen"], free_port(), "/readyz", &env)?,
            worker: Member::spawn("sample-worker", &["--operations-listen"], free_port(), "/readyz", &env)?,
            temporal,
            env,
            _directory: directory,
        };
        for member in stack.members() {
            member.wait_ready().await?;
        }
        stack.sample_app_ready().await?;
        Ok(stack)
    }
}

impl Member {
    fn bridge(port: u16, env: &Variables) -> Result<Self> {
        Self::spawn("bridge", &["serve", "--listen"], port, "/readyz", env)
    }

    /// Starts EMCO's stand-in with EMCO's sample, and with these files.
    fn emco(files: &[OsString], env: &Variables) -> Result<Self> {
        let mut args = vec![OsStr::new("--load"), OsStr::new("samples")];
        args.extend(files.iter().flat_map(|file| [OsStr::new("--load"), file]));
        args.push(OsStr::new("--listen"));
        Self::spawn("emco-stand-in", &args, free_port(), "/v2/projects", env)
    }

    /// Starts a program. The last argument in `args` is the option that takes an address to listen on.
    fn spawn(
        name: &str,
        args: &[impl AsRef<OsStr>],
        port: u16,
        ready_path: &'static str,
        env: &Variables,
    ) -> Result<Self> {
        let process = Process::builder(program(name)?).args(args).arg(format!("127.0.0.1:{port}"));
        let process = env.iter().fold(process, |process, (key, value)| process.env(key, value));
        Ok(Self { process: process.spawn()?, port, ready_path })
    }

    /// `http://127.0.0.1:port`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits until it is ready.
    pub async fn wait_ready(&mut self) -> Result<()> {
        self.process.wait_ready(&format!("{}{}", self.url(), self.ready_path)).await
    }

    /// Terminates it with SIGTERM, and waits until it has ended. Does nothing if it has ended before.
    pub async fn stop(&mut self) -> Result<()> {
        if self.process.exit_status()?.is_none() {
            self.process.terminate()?;
            self.process.wait_exit(DRAINED_WITHIN).await?;
        }
        Ok(())
    }

    /// Kills it if it still runs, starts it again on the same port, and waits until it is ready.
    pub async fn restart(&mut self) -> Result<()> {
        self.process.restart()?;
        self.wait_ready().await
    }
}
