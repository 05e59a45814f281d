//! Temporal as the bridge's engine.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde_json::Value;
use temporal::TemporalConnections;
use tokio::time::Instant;
use workflow_api::{Escalation, RawJson, RunId};

use super::events::{self, Tail};
use super::polls::{self, Polls};
use super::rpc::Session;
use super::wait::Progress;
use super::{
    CommandError, Description, Engine, EngineError, EscalateError, Escalations, HistoryPage, HistoryRequest,
    Query, QueryError, Reset, ResetError, RunEvent, Signal, StopOrder, Update, UpdateError, Updated, Waited,
    WorkflowRun, describe, follow, history, query, reset, signal, stop, update, wait,
};

/// How long Temporal may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// To answer a call, connecting included.
    pub call: Duration,
    /// To have a workflow answer a query that says nothing of its own.
    pub query: Duration,
}

impl Default for Bounds {
    /// One call stays under the 5 s within which an answer about a silent Temporal is due.
    fn default() -> Self {
        Self { call: Duration::from_secs(4), query: Duration::from_secs(10) }
    }
}

/// The official Temporal server, by gRPC.
#[derive(Debug, Clone)]
pub struct TemporalEngine {
    connections: TemporalConnections,
    bounds: Bounds,
    waits: Polls<Progress>,
    tails: Polls<Tail>,
    escalations: Option<Escalations>,
}

impl TemporalEngine {
    /// An engine that shares `connections`.
    #[must_use]
    pub fn new(connections: TemporalConnections, bounds: Bounds) -> Self {
        metrics::describe_gauge!(
            polls::OPEN_POLLS,
            "Long polls that are open to Temporal, each for all who wait on one run or follow it"
        );
        Self { connections, bounds, waits: Polls::default(), tails: Polls::default(), escalations: None }
    }

    /// The same, which ends runs later by way of `escalations`; somebody must [keep](Escalations::keep) them.
    #[must_use]
    pub fn with_escalations(self, escalations: Escalations) -> Self {
        Self { escalations: Some(escalations), ..self }
    }

    fn session<'a>(&self, run: &'a WorkflowRun) -> Session<'a> {
        Session::new(&self.connections, run)
    }
}

#[async_trait]
impl Engine for TemporalEngine {
    async fn describe(&self, run: &WorkflowRun) -> Result<Description, EngineError> {
        describe::description(&self.session(run), self.bounds.call).await
    }

    async fn history(&self, run: &WorkflowRun, request: &HistoryRequest) -> Result<HistoryPage, EngineError> {
        history::history(&self.session(run), request, self.bounds.call).await
    }

    fn events(
        &self,
        run: &WorkflowRun,
        after: i64,
    ) -> BoxStream<'static, Result<Arc<RunEvent>, EngineError>> {
        events::events(self.connections.clone(), self.tails.clone(), run.clone(), after, self.bounds.call)
    }

    async fn query(&self, run: &WorkflowRun, question: &Query) -> Result<Value, QueryError> {
        query::query(&self.session(run), question, self.bounds).await
    }

    async fn wait(&self, run: &WorkflowRun, bound: Option<Duration>) -> Result<Waited, EngineError> {
        // A bound beyond the clock's end is none.
        let deadline = bound.and_then(|bound| Instant::now().checked_add(bound));
        wait::wait(&self.waits, run, deadline, |run, report| {
            follow::to_the_end(self.connections.clone(), run, self.bounds.call, report)
        })
        .await
    }

    async fn cancel(&self, run: &WorkflowRun, order: &StopOrder) -> Result<(), CommandError> {
        stop::cancel(&self.session(run), order, self.bounds.call).await
    }

    async fn terminate(
        &self,
        run: &WorkflowRun,
        order: &StopOrder,
        details: Option<&RawJson>,
    ) -> Result<(), CommandError> {
        stop::terminate(&self.session(run), order, details, self.bounds.call).await
    }

    async fn terminate_after(
        &self,
        run: &WorkflowRun,
        order: &StopOrder,
        grace: Duration,
    ) -> Result<Escalation, EscalateError> {
        let escalations = self.escalations.as_ref().ok_or(EscalateError::Off)?;
        let described =
            describe::outline(&self.session(run), self.session(run).execution(), self.bounds.call).await?;
        Ok(escalations.schedule(run, &described, order, grace, self.bounds.call).await?)
    }

    async fn signal(&self, run: &WorkflowRun, signal: &Signal) -> Result<(), CommandError> {
        signal::signal(&self.session(run), signal, self.bounds.call).await
    }

    async fn update(&self, run: &WorkflowRun, update: &Update) -> Result<Updated, UpdateError> {
        update::update(&self.session(run), update, self.bounds).await
    }

    async fn reset(&self, run: &WorkflowRun, reset: &Reset) -> Result<RunId, ResetError> {
        reset::reset(&self.session(run), reset, self.bounds.call).await
    }
}
