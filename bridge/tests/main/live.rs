//! The program `bridge` over real sockets, on a real Temporal with a real worker: status, waits and streams
//! of running workflows.

mod histories;
mod parts;
mod removed;
mod sockets;
mod streams;
mod waits;

use std::path::{Path, PathBuf};

use bridge_core::model::WorkflowRun;
use harness::{Process, SAMPLE_DIG, SAMPLE_INTENT, eventually, free_port, http, sample_intent};
use reqwest::Response;
use serde_json::Value;

use crate::api::SOON;
use crate::cli::serving;
use crate::temporal::Fixture;

/// A bridge in a process of its own, with one intent.
struct LiveBridge {
    process: Process,
    port: u16,
    _directory: tempfile::TempDir,
}

impl LiveBridge {
    async fn on(fixture: &Fixture) -> Self {
        Self::with(fixture, &[]).await
    }

    /// With more settings. Anonymous callers may create intents.
    async fn with(fixture: &Fixture, settings: &[(&str, &Path)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let database: PathBuf = directory.path().join("bridge.db");
        let port = free_port();
        let program = serving(port, &database, fixture.server.address());
        let program = settings.iter().fold(program, |program, (name, value)| program.env(*name, *value));
        let mut process = program.spawn().unwrap();
        process.wait_ready(&format!("http://127.0.0.1:{port}/readyz")).await.unwrap();
        let bridge = Self { process, port, _directory: directory };
        let intents = format!("http://127.0.0.1:{port}{SAMPLE_DIG}/temporal-workflow-intents");
        let body = sample_intent("127.0.0.1", 9090, "http://emco").to_string();
        assert_eq!(http().post(intents).body(body).send().await.unwrap().status(), 201);
        bridge
    }

    /// Returns the path and query of the status of a run.
    fn path(run: &WorkflowRun, query: &str) -> String {
        let (workflow_id, run_id) = (&run.workflow_id, &run.run_id);
        format!(
            "{SAMPLE_DIG}/temporal-workflow-intents/{SAMPLE_INTENT}/status?workflowID={workflow_id}&runID={run_id}&{query}"
        )
    }

    async fn status(&self, run: &WorkflowRun, query: &str) -> Response {
        http().get(format!("http://127.0.0.1:{}{}", self.port, Self::path(run, query))).send().await.unwrap()
    }

    /// Returns the status, which must have this code.
    async fn status_json(&self, run: &WorkflowRun, query: &str, code: u16) -> Value {
        let answer = self.status(run, query).await;
        let (found, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(found, code, "{query}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Returns a gauge of the process.
    async fn gauge(&self, name: &str) -> f64 {
        let text = http().get(format!("http://127.0.0.1:{}/metrics", self.port)).send().await.unwrap();
        let text = text.text().await.unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().unwrap())
    }

    /// Waits until the gauges have these values.
    async fn stands(&self, within: std::time::Duration, gauges: &[(&str, f64)]) {
        eventually(within, &format!("{gauges:?}"), async || {
            for (name, wanted) in gauges {
                let found = self.gauge(name).await;
                if found != *wanted {
                    return Err(format!("{name} is {found}"));
                }
            }
            Ok(())
        })
        .await;
    }

    /// Returns the resident memory of the process, in KiB.
    fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.pid())).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        resident.trim().trim_end_matches(" kB").trim().parse().unwrap()
    }
}

/// Returns the events of a run as Temporal's own command line prints them.
async fn shown(fixture: &Fixture, run: &WorkflowRun) -> Vec<Value> {
    let args = ["workflow", "show", "-w", run.workflow_id.as_str(), "-r", run.run_id.as_str()];
    let mut shown = fixture.server.cli(&args).await.unwrap();
    let Value::Array(events) = shown["events"].take() else { panic!("{shown}") };
    events
}

/// Returns the run that continues this one, once there is one.
async fn next_run(fixture: &Fixture, run: &WorkflowRun) -> WorkflowRun {
    let next = eventually(SOON, "another run is the latest", async || {
        let described =
            fixture.server.cli(&["workflow", "describe", "-w", run.workflow_id.as_str()]).await.ok()?;
        let latest = described["workflowExecutionInfo"]["execution"]["runId"].as_str()?.to_owned();
        (latest != run.run_id.as_str()).then_some(latest)
    })
    .await;
    run_of(run, &next)
}

/// Returns another run of the same workflow; the latest if it is empty.
fn run_of(run: &WorkflowRun, run_id: &str) -> WorkflowRun {
    WorkflowRun { run_id: run_id.into(), ..run.clone() }
}
