//! A real Temporal server with a real worker, and the engine's behaviour when the server or the connection
//! fails.

mod busy;
mod faults;
pub(crate) mod histories;
mod large;
mod newer;
mod rules;
mod slow;
pub(crate) mod worker;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result};
use bridge_core::SystemClock;
use bridge_core::model::{Target, WorkflowRun};
use bridge_core::ports::{Engine, Query, Waited};
use bridge_temporal::{Bounds, Escalations, Servers, TemporalEngine, TemporalTargets};
use harness::{TemporalServer, eventually};
use serde_json::Value;
use service::shutdown::Shutdown;
use temporal::{TemporalConnection, TemporalTarget};
use temporalio_common::protos::temporal::api::common::v1::{Payload, Payloads, RetryPolicy, WorkflowType};
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflowservice::v1::StartWorkflowExecutionRequest;
use worker::TestWorker;
use workflow_api::WorkflowState;

/// Long enough for any step on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A Temporal server with a worker, and an engine for the test.
pub(crate) struct Fixture {
    pub(crate) server: &'static TemporalServer,
    pub(crate) task_queue: &'static str,
    pub(crate) engine: Arc<dyn Engine>,
    /// Stops the work on escalations.
    escalations: Option<Shutdown>,
}

impl Drop for Fixture {
    /// The thread of the escalation worker must end before the test's runtime can.
    fn drop(&mut self) {
        if let Some(escalations) = &self.escalations {
            escalations.stop();
        }
    }
}

impl Fixture {
    pub(crate) async fn new() -> Result<Self> {
        /// One worker serves all tests of the process; its task queue is used only here.
        static WORKER: OnceLock<(String, TestWorker)> = OnceLock::new();
        let server = TemporalServer::shared().await?;
        let (task_queue, _) = WORKER.get_or_init(|| {
            let task_queue = unique("bridge-tests");
            let worker = TestWorker::start(server.url(), task_queue.clone());
            (task_queue, worker)
        });
        Ok(Self { server, task_queue, engine: Arc::new(engine()), escalations: None })
    }

    /// With an engine that terminates runs later, in the server of the runs.
    pub(crate) async fn escalating() -> Result<Self> {
        let mut fixture = Self::new().await?;
        let home = TemporalTarget::new(fixture.server.address(), "default")?;
        let servers = Servers::new(TemporalTargets::only(home), Arc::new(SystemClock));
        let escalations = Escalations::new(servers.clone());
        fixture.engine = Arc::new(TemporalEngine::new(servers, BOUNDS).with_escalations(escalations.clone()));
        let shutdown = Shutdown::new(SOON);
        tokio::spawn(escalations.keep(Arc::clone(&fixture.engine), shutdown.clone()));
        fixture.escalations = Some(shutdown);
        Ok(fixture)
    }

    /// A workflow that does not exist.
    pub(crate) fn nobody(&self) -> Result<WorkflowRun> {
        Ok(WorkflowRun {
            target: self.target()?,
            workflow_id: unique("nobody").into(),
            run_id: Default::default(),
        })
    }

    /// Starts a workflow that no worker runs.
    pub(crate) async fn deserted(&self) -> Result<WorkflowRun> {
        self.start_with("Gate", &Value::Null, &["--task-queue", &unique("never")]).await
    }

    /// Starts a workflow through Temporal's own command line.
    pub(crate) async fn start(&self, workflow_type: &str, input: &Value) -> Result<WorkflowRun> {
        self.start_with(workflow_type, input, &[]).await
    }

    pub(crate) async fn start_with(
        &self,
        workflow_type: &str,
        input: &Value,
        options: &[&str],
    ) -> Result<WorkflowRun> {
        let workflow_id = unique(workflow_type);
        let input = input.to_string();
        let mut args = vec!["workflow", "start", "--type", workflow_type, "--workflow-id", &workflow_id];
        args.extend(["--task-queue", self.task_queue, "--input", &input]);
        args.extend(options);
        let started = self.server.cli(&args).await?;
        let run_id = started["runId"].as_str().context("a start answers the run ID")?;
        Ok(WorkflowRun { target: self.target()?, workflow_id: workflow_id.into(), run_id: run_id.into() })
    }

    /// Starts a workflow that is retried when it fails.
    pub(crate) async fn start_retried(&self, workflow_type: &str, input: &Value) -> Result<WorkflowRun> {
        // Temporal's own policy.
        let retried = StartWorkflowExecutionRequest {
            retry_policy: Some(RetryPolicy::default()),
            ..Default::default()
        };
        self.start_as(workflow_type, input, retried).await
    }

    /// Starts a workflow with the options of this request.
    pub(crate) async fn start_as(
        &self,
        workflow_type: &str,
        input: &Value,
        options: StartWorkflowExecutionRequest,
    ) -> Result<WorkflowRun> {
        let workflow_id = unique(workflow_type);
        let input = Payload {
            metadata: HashMap::from([("encoding".to_owned(), b"json/plain".to_vec())]),
            data: input.to_string().into_bytes(),
            ..Payload::default()
        };
        let request = StartWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            workflow_id: workflow_id.clone(),
            workflow_type: Some(WorkflowType { name: workflow_type.to_owned() }),
            task_queue: Some(TaskQueue { name: self.task_queue.to_owned(), ..TaskQueue::default() }),
            input: Some(Payloads { payloads: vec![input] }),
            request_id: unique("start"),
            ..options
        };
        let server = TemporalConnection::new(TemporalTarget::new(self.server.address(), "default")?);
        let started = server.ask("start", SOON, request).await?;
        let (target, run_id) = (self.target()?, started.run_id.into());
        Ok(WorkflowRun { target, workflow_id: workflow_id.into(), run_id })
    }

    /// Starts a workflow, and waits until it waits for its signal.
    pub(crate) async fn closed_gate(&self) -> Result<WorkflowRun> {
        let run = self.start("Gate", &Value::Null).await?;
        self.stands(&run).await;
        Ok(run)
    }

    /// Waits until a gate has begun, and answers queries.
    pub(crate) async fn stands(&self, run: &WorkflowRun) {
        eventually(SOON, "the workflow answers queries", async || {
            self.engine.query(run, &question("current-state")).await
        })
        .await;
    }

    pub(crate) async fn open_gate(&self, run: &WorkflowRun, with: &Value) -> Result<()> {
        let with = with.to_string();
        let args = ["workflow", "signal", "--name", "open", "-w", run.workflow_id.as_str(), "--input", &with];
        self.server.cli(&args).await.map(drop)
    }

    /// Waits for the end of a run, which must be in `state`.
    pub(crate) async fn ended(
        &self,
        run: &WorkflowRun,
        state: WorkflowState,
    ) -> Result<bridge_core::ports::Closed> {
        match self.engine.wait(run, Some(SOON)).await? {
            Waited::Closed(closed) => {
                assert_eq!(closed.state, state, "{closed:?}");
                Ok(closed)
            }
            Waited::StillOpen { .. } => anyhow::bail!("{run:?} does not end"),
        }
    }

    pub(crate) fn target(&self) -> Result<Target> {
        Ok(target(self.server.address()))
    }
}

const BOUNDS: Bounds =
    Bounds { call: Duration::from_secs(4), query: Duration::from_secs(5), list: Duration::from_secs(10) };

fn engine() -> TemporalEngine {
    engine_with(BOUNDS)
}

/// Creates an engine that may call any server.
pub(crate) fn engine_with(bounds: Bounds) -> TemporalEngine {
    let home = TemporalTarget::new("nowhere:7233", "default").unwrap();
    TemporalEngine::new(Servers::new(TemporalTargets::only(home), Arc::new(SystemClock)), bounds)
}

/// Returns the namespace `default` of a server.
pub(crate) fn target(server: &str) -> Target {
    Target { server: server.to_owned(), namespace: "default".into() }
}

pub(crate) fn unique(name: &str) -> String {
    format!("{name}-{}", uuid::Uuid::new_v4())
}

pub(crate) fn question(query_type: &str) -> Query {
    Query { query_type: query_type.to_owned(), args: Vec::new(), bound: None, reject: None }
}
