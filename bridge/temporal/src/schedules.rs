//! Schedules: those of Temporal, each of which starts a small workflow of the bridge at its times. That one starts the
//! intent by a use case, under a key made of the time, and follows the intent's run. So what overlaps, and what fails,
//! is the intent's run.

mod activities;
mod order;
mod spec;
mod starts;
mod workflow;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bridge_core::Schedules;
use bridge_core::model::{KeptSchedule, ScheduleCommand, ScheduleKey, WorkflowRun};
use bridge_core::ports::{Engine, EngineError, Scheduler, Targets};
use jiff::Timestamp;
use service::shutdown::Shutdown;
use temporal::FaultKind;
use temporalio_common::protos::temporal::api::schedule::v1 as wire;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    CountWorkflowExecutionsRequest, CreateScheduleRequest, DeleteScheduleRequest, DescribeScheduleRequest,
    DescribeScheduleResponse, ListScheduleMatchingTimesRequest, PatchScheduleRequest, UpdateScheduleRequest,
};
use temporalio_sdk::{WorkerOptions, WorkflowRegistrationError};
use tokio::sync::Notify;
use tokio::time::sleep;
use uuid::Uuid;
use workflow_api::{RunId, ScheduleSpec, ScheduleStatus, WorkflowId};

use self::order::Order;
use crate::bounds::Bounds;
use crate::convert::timestamp;
use crate::rpc::Session;
use crate::servers::Servers;
use crate::worker::{self, Breakdown, Work};

use self::activities::ScheduleActivities;
pub use self::workflow::ScheduledStart;

/// How often the engine is looked at after a change, and how long it may take to have it.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// The schedules in the configured Temporal. Clones share them.
#[derive(Debug, Clone)]
pub struct TemporalScheduler {
    servers: Servers,
    bounds: Bounds,
    identity: String,
    /// Names what belongs to this database: others may have schedules in the same namespace.
    prefix: String,
    wanted: Arc<Notify>,
}

impl TemporalScheduler {
    /// Creates the schedules of the installation with this ID. The caller must also run [`keep`](Self::keep).
    #[must_use]
    pub fn new(servers: Servers, bounds: Bounds, installation: &str) -> Self {
        let (prefix, identity) = (format!("emco-bridge-{installation}"), temporal::identity());
        Self { servers, bounds, identity, prefix, wanted: Arc::default() }
    }

    /// Works at the times of all schedules of the installation until the process drains. Waits while Temporal is away.
    pub async fn keep(self, engine: Arc<dyn Engine>, schedules: Schedules, shutdown: Shutdown) {
        let (servers, wanted) = (self.servers.clone(), Arc::clone(&self.wanted));
        let work = Scheduling { scheduler: self, engine, schedules };
        worker::keep(&servers, &wanted, work, &shutdown).await;
    }

    /// Returns the ID of a schedule in Temporal.
    fn id(&self, key: &ScheduleKey) -> String {
        format!("{}/{key}", self.prefix)
    }

    fn home(&self) -> WorkflowRun {
        WorkflowRun {
            target: self.servers.targets().home(),
            workflow_id: Default::default(),
            run_id: Default::default(),
        }
    }

    /// Returns whether a workflow that a schedule has started is open.
    async fn any_open(&self) -> Result<bool, EngineError> {
        let home = self.home();
        let session = Session::new(&self.servers, &home)?;
        let query = format!("TaskQueue = '{}' AND ExecutionStatus = 'Running'", self.prefix);
        let request = CountWorkflowExecutionsRequest { namespace: session.namespace(), query };
        Ok(session.call(self.bounds.call, request).await?.count > 0)
    }

    /// Creates a schedule. Returns false if there is one with this ID.
    async fn create(
        &self,
        session: &Session<'_>,
        id: &str,
        schedule: wire::Schedule,
    ) -> Result<bool, EngineError> {
        let request = CreateScheduleRequest {
            namespace: session.namespace(),
            schedule_id: id.to_owned(),
            schedule: Some(schedule),
            identity: self.identity.clone(),
            request_id: Uuid::new_v4().to_string(),
            ..Default::default()
        };
        match session.try_call(self.bounds.call, request).await {
            Ok(_) => Ok(true),
            Err(fault) if fault.kind() == FaultKind::AlreadyExists => Ok(false),
            Err(fault) => Err(session.error(fault, self.bounds.call)),
        }
    }

    /// Returns what Temporal has of a schedule; `None` if it has none. While Temporal works on many starts of the
    /// schedule, it accepts few calls, so this waits for a while.
    async fn described(
        &self,
        session: &Session<'_>,
        id: &str,
    ) -> Result<Option<DescribeScheduleResponse>, EngineError> {
        let request = DescribeScheduleRequest { namespace: session.namespace(), schedule_id: id.to_owned() };
        let mut looks = 0..LOOKS;
        loop {
            match session.try_call(self.bounds.call, request.clone()).await {
                Ok(found) => return Ok(Some(found)),
                Err(fault) if fault.kind() == FaultKind::NotFound => return Ok(None),
                Err(fault) if fault.kind() == FaultKind::Busy && looks.next().is_some() => sleep(PAUSE).await,
                Err(fault) => return Err(session.error(fault, self.bounds.call)),
            }
        }
    }

    async fn matching(
        &self,
        spec: &ScheduleSpec,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Timestamp>, EngineError> {
        let home = self.home();
        let session = Session::new(&self.servers, &home)?;
        let id = format!("emco-bridge-preview-{}", Uuid::new_v4());
        self.create(&session, &id, spec::preview(spec, &self.prefix)).await?;
        let request = ListScheduleMatchingTimesRequest {
            namespace: session.namespace(),
            schedule_id: id.clone(),
            start_time: Some(spec::time(from)),
            end_time: Some(spec::time(to)),
        };
        let times = session.call(self.bounds.call, request).await;
        self.remove(&session, &id).await?;
        Ok(times?.start_time.into_iter().filter_map(timestamp).collect())
    }

    async fn remove(&self, session: &Session<'_>, id: &str) -> Result<(), EngineError> {
        let request = DeleteScheduleRequest {
            namespace: session.namespace(),
            schedule_id: id.to_owned(),
            identity: self.identity.clone(),
        };
        match session.try_call(self.bounds.call, request).await {
            Err(fault) if fault.kind() != FaultKind::NotFound => Err(session.error(fault, self.bounds.call)),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Scheduler for TemporalScheduler {
    /// Temporal returns the times of schedules that it has. So it gets one, paused, for the time of the call.
    async fn times(
        &self,
        spec: &ScheduleSpec,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Timestamp>, EngineError> {
        // Whoever asks may go, but the schedule must not stay.
        let (scheduler, spec) = (self.clone(), spec.clone());
        let work = tokio::spawn(async move { scheduler.matching(&spec, from, to).await });
        work.await.map_err(|broken| EngineError::Other {
            engine: "Temporal".to_owned(),
            source: Arc::new(broken),
        })?
    }

    async fn put(
        &self,
        key: &ScheduleKey,
        kept: &KeptSchedule,
        pause: Option<&str>,
    ) -> Result<(), EngineError> {
        let home = self.home();
        let session = Session::new(&self.servers, &home)?;
        let (id, order) = (self.id(key), Order::new(key, kept));
        let wanted = |found: Option<&DescribeScheduleResponse>| {
            spec::schedule(&id, &self.prefix, &kept.schedule.spec, &order, found, pause)
        };
        let has =
            |found: &DescribeScheduleResponse| spec::order_of(found).is_some_and(|has| has.covers(&order));
        let is_paused = |found: &DescribeScheduleResponse| spec::state_of(found).paused;
        self.wanted.notify_one();
        for look in 0..LOOKS {
            let Some(found) = self.described(&session, &id).await? else {
                self.create(&session, &id, wanted(None)).await?;
                continue;
            };
            if has(&found) && (pause.is_none() || is_paused(&found)) {
                return Ok(());
            }
            // Temporal drops an update in silence if the schedule has changed since `found`, and takes a moment to
            // show one that it has accepted.
            if look % 5 == 0 {
                let request = UpdateScheduleRequest {
                    namespace: session.namespace(),
                    schedule_id: id.clone(),
                    schedule: Some(wanted(Some(&found))),
                    conflict_token: found.conflict_token,
                    identity: self.identity.clone(),
                    request_id: Uuid::new_v4().to_string(),
                    ..Default::default()
                };
                match session.try_call(self.bounds.call, request).await {
                    Err(fault) if fault.kind() != FaultKind::FailedPrecondition => {
                        return Err(session.error(fault, self.bounds.call));
                    }
                    _ => {}
                }
            }
            sleep(PAUSE).await;
        }
        Err(session
            .unexpected(format!("Temporal does not take revision {} of schedule {key}", kept.revision)))
    }

    async fn look(&self, key: &ScheduleKey) -> Result<ScheduleStatus, EngineError> {
        let home = self.home();
        let session = Session::new(&self.servers, &home)?;
        let found = self.described(&session, &self.id(key)).await?;
        Ok(found.map(spec::seen).unwrap_or_default())
    }

    async fn has_started(&self, key: &ScheduleKey, run: &(WorkflowId, RunId)) -> Result<bool, EngineError> {
        let (home, id) = (self.home(), self.id(key));
        let found = self.described(&Session::new(&self.servers, &home)?, &id).await?;
        let Some(found) = found else { return Ok(false) };
        if spec::lists(&found, run) {
            return Ok(true);
        }
        starts::has_noted(&self.servers, &starts::scheduler(home, &id), &run.1, self.bounds.call).await
    }

    async fn command(
        &self,
        key: &ScheduleKey,
        command: &ScheduleCommand,
        identity: &str,
        request_id: &str,
    ) -> Result<bool, EngineError> {
        let home = self.home();
        let session = Session::new(&self.servers, &home)?;
        let request = PatchScheduleRequest {
            namespace: session.namespace(),
            schedule_id: self.id(key),
            patch: Some(spec::patch(command)),
            identity: identity.to_owned(),
            request_id: request_id.to_owned(),
        };
        match session.try_call(self.bounds.call, request).await {
            Ok(_) => {
                // Temporal answers when it has taken up the command. Of two that it takes up together, it loses the
                // first.
                if let Err(error) = self.described(&session, &self.id(key)).await {
                    let error = workflow_api::chain(&error);
                    tracing::warn!(schedule = %key, error, "it is not known whether Temporal has taken up a command");
                }
                Ok(true)
            }
            Err(fault) if fault.kind() == FaultKind::NotFound => Ok(false),
            Err(fault) => Err(session.error(fault, self.bounds.call)),
        }
    }

    async fn delete(&self, key: &ScheduleKey) -> Result<(), EngineError> {
        let home = self.home();
        self.remove(&Session::new(&self.servers, &home)?, &self.id(key)).await
    }
}

/// The work at the times of schedules.
struct Scheduling {
    scheduler: TemporalScheduler,
    engine: Arc<dyn Engine>,
    schedules: Schedules,
}

impl Work for Scheduling {
    fn name(&self) -> &'static str {
        "schedules"
    }

    fn task_queue(&self) -> &str {
        &self.scheduler.prefix
    }

    async fn is_needed(&self) -> Result<bool, Breakdown> {
        // The last schedule can be deleted while one of its runs is followed.
        Ok(self.schedules.any().await? || self.scheduler.any_open().await?)
    }

    fn register(&self, options: &mut WorkerOptions) -> Result<(), WorkflowRegistrationError> {
        let (engine, schedules) = (Arc::clone(&self.engine), self.schedules.clone());
        options.register_activities(ScheduleActivities { engine, schedules });
        options.register_workflow::<ScheduledStart>().map(drop)
    }
}
