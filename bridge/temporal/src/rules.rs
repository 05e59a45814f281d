//! What rules see of runs in Temporal, and the workflows that look at them: one for each rule, which calls the bridge
//! at the rule's interval. So a rule is looked at by one bridge at a time, and goes on when that one ends.

mod activities;
mod monitor;
mod order;
mod past;
mod watch;

use std::sync::Arc;

use async_trait::async_trait;
use bridge_core::model::{RuleKey, RunDetail, RunSeen, WorkflowRun};
use bridge_core::ports::{EngineError, PastLook, QueueLook, Targets, Watch};
use jiff::Timestamp;
use service::shutdown::Shutdown;
use temporalio_common::protos::temporal::api::workflowservice::v1::CountWorkflowExecutionsRequest;
use temporalio_sdk::{WorkerOptions, WorkflowRegistrationError};
use tokio::sync::Notify;
use workflow_api::{TaskQueue, WorkflowId};

use self::activities::RuleActivities;
pub use self::activities::Turns;
pub use self::monitor::Monitor;
use crate::bounds::Bounds;
use crate::rpc::Session;
use crate::servers::Servers;
use crate::worker::{self, Breakdown, Work};

/// The runs in Temporal, as rules see them, and the monitors of rules in the configured one. Clones share them.
#[derive(Debug, Clone)]
pub struct TemporalWatch {
    servers: Servers,
    bounds: Bounds,
    /// Begins the IDs of the monitors: other installations may have some in the same namespace.
    prefix: String,
    task_queue: String,
    wanted: Arc<Notify>,
}

impl TemporalWatch {
    /// Creates the watch of the installation with this ID. The caller must also run [`keep`](Self::keep).
    #[must_use]
    pub fn new(servers: Servers, bounds: Bounds, installation: &str) -> Self {
        let prefix = format!("emco-bridge-{installation}");
        let task_queue = format!("{prefix}-rules");
        Self { servers, bounds, prefix, task_queue, wanted: Arc::default() }
    }

    /// Works on the monitors of the installation until the process drains. Waits while Temporal is away.
    pub async fn keep(self, turns: Arc<dyn Turns>, shutdown: Shutdown) {
        let (servers, wanted) = (self.servers.clone(), Arc::clone(&self.wanted));
        worker::keep(&servers, &wanted, Monitoring { watch: self, turns }, &shutdown).await;
    }

    /// Returns the ID of a rule's monitor in Temporal.
    fn id(&self, rule: &RuleKey) -> WorkflowId {
        format!("{}/rule/{rule}", self.prefix).into()
    }

    /// Returns a workflow in the configured Temporal.
    fn at_home(&self, workflow_id: WorkflowId) -> WorkflowRun {
        WorkflowRun { target: self.servers.targets().home(), workflow_id, run_id: Default::default() }
    }

    /// Returns whether a monitor is open.
    async fn any_open(&self) -> Result<bool, EngineError> {
        let home = self.at_home(WorkflowId::default());
        let session = Session::new(&self.servers, &home)?;
        let query = format!("TaskQueue = '{}' AND ExecutionStatus = 'Running'", self.task_queue);
        let request = CountWorkflowExecutionsRequest { namespace: session.namespace(), query };
        Ok(session.call(self.bounds.call, request).await?.count > 0)
    }
}

#[async_trait]
impl Watch for TemporalWatch {
    async fn list(&self, workflows: &[WorkflowId], since: Timestamp) -> Result<Vec<RunSeen>, EngineError> {
        let home = self.at_home(WorkflowId::default());
        let session = Session::new(&self.servers, &home)?;
        watch::list(&session, workflows, since, self.bounds).await
    }

    async fn look(&self, run: &WorkflowRun) -> Result<Option<(RunSeen, RunDetail)>, EngineError> {
        let session = Session::new(&self.servers, run)?;
        watch::look(&session, session.execution(), self.bounds.call).await
    }

    async fn queue(&self, queue: &TaskQueue) -> Result<QueueLook, EngineError> {
        let home = self.at_home(WorkflowId::default());
        watch::queue(&Session::new(&self.servers, &home)?, queue, self.bounds.call).await
    }

    async fn past(&self, run: &WorkflowRun, limit: u32) -> Result<Vec<PastLook>, EngineError> {
        past::past(&Session::new(&self.servers, run)?, limit, self.bounds.call).await
    }

    async fn monitor(&self, rule: &RuleKey) -> Result<(), EngineError> {
        let home = self.at_home(self.id(rule));
        let session = Session::new(&self.servers, &home)?;
        session.call(self.bounds.call, monitor::start(&session, rule, &self.task_queue)?).await?;
        self.wanted.notify_one();
        Ok(())
    }
}

/// The work on monitors.
struct Monitoring {
    watch: TemporalWatch,
    turns: Arc<dyn Turns>,
}

impl Work for Monitoring {
    fn name(&self) -> &'static str {
        "rules"
    }

    fn task_queue(&self) -> &str {
        &self.watch.task_queue
    }

    async fn is_needed(&self) -> Result<bool, Breakdown> {
        // The monitor of the last rule learns only at its next turn that the rule was deleted.
        Ok(self.turns.any().await? || self.watch.any_open().await?)
    }

    fn register(&self, options: &mut WorkerOptions) -> Result<(), WorkflowRegistrationError> {
        options.register_activities(RuleActivities { turns: Arc::clone(&self.turns) });
        options.register_workflow::<Monitor>().map(drop)
    }
}
