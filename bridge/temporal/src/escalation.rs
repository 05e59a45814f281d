//! Delayed terminations. Each is a small workflow in the bridge's own Temporal, and any replica of the bridge
//! works on it. So it survives the process that scheduled it.

mod activities;
mod order;
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
use temporalio_sdk::{WorkerOptions, WorkflowRegistrationError};
use tokio::sync::Notify;
use workflow_api::{Escalation, WorkflowId};

use self::activities::EscalationActivities;
use self::order::Order;
pub use self::workflow::EscalateCancel;
use crate::payload;
use crate::rpc::Session;
use crate::servers::Servers;
use crate::worker::{self, Breakdown, Work};

/// The workflow type of an escalation.
const WORKFLOW_TYPE: &str = "EmcoBridgeEscalateCancel";
/// The task queue of all bridges.
const TASK_QUEUE: &str = "emco-bridge";
/// The query for open escalations.
const OPEN: &str = "WorkflowType = 'EmcoBridgeEscalateCancel' AND ExecutionStatus = 'Running'";
/// Timeout of a search for them.
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
        let (servers, wanted) = (self.servers.clone(), Arc::clone(&self.wanted));
        worker::keep(&servers, &wanted, Escalating { escalations: self, engine }, &shutdown).await;
    }

    fn at_home(&self, workflow_id: WorkflowId) -> WorkflowRun {
        WorkflowRun { target: self.servers.targets().home(), workflow_id, run_id: Default::default() }
    }
}

/// The work on escalations.
struct Escalating {
    escalations: Escalations,
    engine: Arc<dyn Engine>,
}

impl Work for Escalating {
    fn name(&self) -> &'static str {
        "escalations"
    }

    fn task_queue(&self) -> &str {
        TASK_QUEUE
    }

    async fn is_needed(&self) -> Result<bool, Breakdown> {
        let home = self.escalations.at_home(WorkflowId::default());
        let session = Session::new(&self.escalations.servers, &home)?;
        let request =
            CountWorkflowExecutionsRequest { namespace: session.namespace(), query: OPEN.to_owned() };
        let answer = session.call(BOUND, request).await?;
        Ok(answer.count > 0)
    }

    fn register(&self, options: &mut WorkerOptions) -> Result<(), WorkflowRegistrationError> {
        let (engine, targets) = (Arc::clone(&self.engine), Arc::clone(self.escalations.servers.targets()));
        options.register_activities(EscalationActivities { engine, targets });
        options.register_workflow::<EscalateCancel>().map(drop)
    }
}
