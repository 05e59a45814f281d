//! Delayed terminations. Each is a small workflow in the bridge's own Temporal, and any replica of the bridge
//! works on it. So it survives the process that scheduled it.
//!
//! A bridge polls the task queue only while there are escalations. It knows of its own ones, and looks every
//! few seconds for those of other processes.

mod activities;
mod order;
mod worker;
mod workflow;

use std::sync::Arc;
use std::time::Duration;

use bridge_core::model::WorkflowRun;
use bridge_core::ports::{Engine, EngineError, Outline, StopOrder, Targets};
use service::shutdown::Shutdown;
use temporalio_common::protos::temporal::api::common::v1::WorkflowType;
use temporalio_common::protos::temporal::api::enums::v1::WorkflowIdConflictPolicy;
use temporalio_common::protos::temporal::api::sdk::v1::UserMetadata;
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    CountWorkflowExecutionsRequest, StartWorkflowExecutionRequest,
};
use tokio::sync::Notify;
use workflow_api::{Escalation, WorkflowId};

use self::order::Order;
use self::worker::{Parts, TASK_QUEUE};
pub use self::workflow::EscalateCancel;
use crate::payload;
use crate::rpc::Session;
use crate::servers::Servers;

/// The workflow type of an escalation.
const WORKFLOW_TYPE: &str = "EmcoBridgeEscalateCancel";
/// The query for open escalations.
const OPEN: &str = "WorkflowType = 'EmcoBridgeEscalateCancel' AND ExecutionStatus = 'Running'";
/// Interval between two searches for escalations of other processes; longer while Temporal is away.
const LOOK: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(80);
/// Timeout of such a search.
const BOUND: Duration = Duration::from_secs(5);

/// The delayed terminations. Clones share them.
#[derive(Debug, Clone)]
pub struct Escalations {
    servers: Servers,
    wanted: Arc<Notify>,
}

impl Escalations {
    /// Creates the escalations in the configured Temporal.
    #[must_use]
    pub fn new(servers: Servers) -> Self {
        Self { servers, wanted: Arc::default() }
    }

    /// Schedules the termination of a run after `grace`. If this is called twice for one run, the first call
    /// counts.
    pub(crate) async fn schedule(
        &self,
        run: &WorkflowRun,
        outline: &Outline,
        order: &StopOrder,
        grace: Duration,
        bound: Duration,
    ) -> Result<Escalation, EngineError> {
        // A run ID is unique and short; a workflow ID may not be.
        let id = WorkflowId::from(format!("emco-bridge-escalate-cancel-{}", outline.run_id));
        let summary = format!("Terminates {} unless it ends within {grace:?}", run.workflow_id);
        let order = Order {
            temporal_server: run.target.server.clone(),
            namespace: run.target.namespace.clone(),
            workflow_id: run.workflow_id.clone(),
            run_id: outline.run_id.clone(),
            first_run_id: outline.first_run_id.clone(),
            grace_ms: u64::try_from(grace.as_millis()).unwrap_or(u64::MAX),
            reason: order.reason.clone(),
            identity: order.identity.clone(),
        };
        let home = self.at_home(id.clone());
        let session = Session::new(&self.servers, &home)?;
        let input = serde_json::to_value(&order).map_err(|error| session.unexpected(error))?;
        let summary =
            payload::from_json([&summary.into()]).and_then(|summary| summary.payloads.into_iter().next());
        let request = StartWorkflowExecutionRequest {
            namespace: session.namespace(),
            workflow_id: id.as_str().to_owned(),
            workflow_type: Some(WorkflowType { name: WORKFLOW_TYPE.to_owned() }),
            task_queue: Some(TaskQueue { name: TASK_QUEUE.to_owned(), ..TaskQueue::default() }),
            input: payload::from_json([&input.into()]),
            identity: order.identity,
            request_id: uuid::Uuid::new_v4().to_string(),
            workflow_id_conflict_policy: WorkflowIdConflictPolicy::UseExisting.into(),
            user_metadata: Some(UserMetadata { summary, details: None }),
            ..Default::default()
        };
        let started = session.call(bound, request).await?;
        self.wanted.notify_one();
        Ok(Escalation { workflow_id: id, run_id: started.run_id.into(), already_scheduled: !started.started })
    }

    /// Works on the escalations of all bridges until the process drains. Waits while Temporal is away.
    pub async fn keep(self, engine: Arc<dyn Engine>, shutdown: Shutdown) {
        let targets = Arc::clone(self.servers.targets());
        let parts = Parts { engine, targets, shutdown: shutdown.clone() };
        let mut pause = LOOK;
        let mut wanted = false;
        while !shutdown.is_draining() {
            let done = match self.any_open().await {
                Ok(open) if open || wanted => self.work(&parts).await,
                Ok(_) => Ok(()),
                Err(error) => Err(error.into()),
            };
            pause = match done {
                Ok(()) => LOOK,
                Err(error) => {
                    tracing::debug!(
                        error = workflow_api::chain(&error),
                        "escalations cannot be worked on now"
                    );
                    (pause * 2).min(LONGEST_PAUSE)
                }
            };
            wanted = tokio::select! {
                () = shutdown.draining() => false,
                () = self.wanted.notified() => true,
                () = tokio::time::sleep(pause) => false,
            };
        }
    }

    /// Works as long as there are escalations.
    async fn work(&self, parts: &Parts) -> Result<(), worker::Breakdown> {
        let client = self.servers.connection(&self.servers.targets().home())?.client().await?;
        let mut working = worker::start(client, parts)?;
        loop {
            tokio::select! {
                broken_off = &mut working.ended => return broken_off?,
                () = parts.shutdown.draining() => break,
                () = tokio::time::sleep(LOOK) => {
                    if matches!(self.any_open().await, Ok(false)) {
                        break;
                    }
                }
            }
        }
        drop(working.stop);
        working.ended.await?
    }

    async fn any_open(&self) -> Result<bool, EngineError> {
        let home = self.at_home(WorkflowId::default());
        let session = Session::new(&self.servers, &home)?;
        let request =
            CountWorkflowExecutionsRequest { namespace: session.namespace(), query: OPEN.to_owned() };
        let answer = session.call(BOUND, request).await?;
        Ok(answer.count > 0)
    }

    fn at_home(&self, workflow_id: WorkflowId) -> WorkflowRun {
        WorkflowRun { target: self.servers.targets().home(), workflow_id, run_id: Default::default() }
    }
}
