//! The implementation of the engine port on Temporal.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bridge_core::model::{Target, WorkflowRun};
use bridge_core::ports::{
    CommandError, Description, Engine, EngineError, EscalateError, HistoryPage, HistoryRequest, Outline,
    PauseError, PauseOrder, Query, QueryError, QueuePollers, Reset, ResetError, RunEvent, Signal, StopOrder,
    Update, UpdateError, Updated, Waited,
};
use futures::stream::BoxStream;
use tokio::time::Instant;
use workflow_api::{Escalation, RawJson, RunId, TaskQueue, WorkflowId};

use crate::bounds::Bounds;
use crate::escalation::Escalations;
use crate::events::{self, Tail};
use crate::polls::{self, Polls};
use crate::rpc::Session;
use crate::servers::Servers;
use crate::wait::Progress;
use crate::{describe, failing, follow, history, pause, query, queue, reset, signal, stop, update, wait};

/// The official Temporal server, by gRPC.
#[derive(Debug, Clone)]
pub struct TemporalEngine {
    servers: Servers,
    bounds: Bounds,
    waits: Polls<Progress>,
    tails: Polls<Tail>,
    escalations: Option<Escalations>,
}

impl TemporalEngine {
    /// Creates an engine on these servers.
    #[must_use]
    pub fn new(servers: Servers, bounds: Bounds) -> Self {
        metrics::describe_gauge!(
            polls::OPEN_POLLS,
            "Open long polls to Temporal, each for all callers that wait on one run or follow it"
        );
        Self { servers, bounds, waits: Polls::default(), tails: Polls::default(), escalations: None }
    }

    /// Enables delayed termination. The caller must also run [`Escalations::keep`].
    #[must_use]
    pub fn with_escalations(self, escalations: Escalations) -> Self {
        Self { escalations: Some(escalations), ..self }
    }

    fn session<'a>(&self, run: &'a WorkflowRun) -> Result<Session<'a>, EngineError> {
        Session::new(&self.servers, run)
    }
}

#[async_trait]
impl Engine for TemporalEngine {
    async fn outline(&self, run: &WorkflowRun) -> Result<Outline, EngineError> {
        let session = self.session(run)?;
        let outline = describe::outline(&session, session.execution(), self.bounds.call).await?;
        Ok(failing::with_cause(&session, outline, self.bounds.call).await)
    }

    async fn describe(&self, run: &WorkflowRun) -> Result<Description, EngineError> {
        let session = self.session(run)?;
        let Description { outline, json } = describe::description(&session, self.bounds.call).await?;
        Ok(Description { outline: failing::with_cause(&session, outline, self.bounds.call).await, json })
    }

    async fn history(&self, run: &WorkflowRun, request: &HistoryRequest) -> Result<HistoryPage, EngineError> {
        history::history(&self.session(run)?, request, self.bounds.call).await
    }

    fn events(
        &self,
        run: &WorkflowRun,
        after: i64,
    ) -> BoxStream<'static, Result<Arc<RunEvent>, EngineError>> {
        events::events(self.servers.clone(), self.tails.clone(), run.clone(), after, self.bounds.call)
    }

    async fn query(&self, run: &WorkflowRun, question: &Query) -> Result<RawJson, QueryError> {
        query::query(&self.session(run)?, question, self.bounds).await
    }

    async fn wait(&self, run: &WorkflowRun, bound: Option<Duration>) -> Result<Waited, EngineError> {
        // A timeout beyond the range of the clock means no timeout.
        let deadline = bound.and_then(|bound| Instant::now().checked_add(bound));
        wait::wait(&self.waits, run, deadline, |run, report| {
            follow::to_the_end(self.servers.clone(), run, self.bounds.call, report)
        })
        .await
    }

    async fn cancel(&self, run: &WorkflowRun, order: &StopOrder) -> Result<(), CommandError> {
        stop::cancel(&self.session(run)?, order, self.bounds.call).await
    }

    async fn terminate(
        &self,
        run: &WorkflowRun,
        order: &StopOrder,
        details: Option<&RawJson>,
    ) -> Result<(), CommandError> {
        stop::terminate(&self.session(run)?, order, details, self.bounds.call).await
    }

    async fn terminate_after(
        &self,
        run: &WorkflowRun,
        order: &StopOrder,
        grace: Duration,
    ) -> Result<Escalation, EscalateError> {
        let escalations = self.escalations.as_ref().ok_or(EscalateError::Off)?;
        let session = self.session(run)?;
        let outline = describe::outline(&session, session.execution(), self.bounds.call).await?;
        Ok(escalations.schedule(run, &outline, order, grace, self.bounds.call).await?)
    }

    async fn signal(&self, run: &WorkflowRun, signal: &Signal) -> Result<(), CommandError> {
        signal::signal(&self.session(run)?, signal, self.bounds.call).await
    }

    async fn update(&self, run: &WorkflowRun, update: &Update) -> Result<Updated, UpdateError> {
        update::update(&self.session(run)?, update, self.bounds).await
    }

    async fn pause(&self, run: &WorkflowRun, order: &PauseOrder) -> Result<(), PauseError> {
        pause::pause(&self.session(run)?, order, self.bounds.call).await
    }

    async fn unpause(&self, run: &WorkflowRun, order: &PauseOrder) -> Result<(), PauseError> {
        pause::unpause(&self.session(run)?, order, self.bounds.call).await
    }

    async fn reset(&self, run: &WorkflowRun, reset: &Reset) -> Result<RunId, ResetError> {
        reset::reset(&self.session(run)?, reset, self.bounds.call).await
    }

    async fn pollers(&self, target: &Target, queue: &TaskQueue) -> Result<QueuePollers, EngineError> {
        let none = WorkflowId::default();
        let any = WorkflowRun { target: target.clone(), workflow_id: none, run_id: RunId::default() };
        queue::all_pollers(&self.session(&any)?, queue.as_str(), self.bounds.call).await
    }
}
