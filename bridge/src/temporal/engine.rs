//! Temporal as the bridge's engine.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use service::temporal::TemporalConnections;
use tokio::time::Instant;

use super::rpc::Session;
use super::wait::Polls;
use super::{
    Description, Engine, EngineError, Query, QueryError, StopError, StopOrder, Waited, WorkflowRun, describe,
    follow, query, stop, wait,
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
    polls: Polls,
}

impl TemporalEngine {
    /// An engine that shares `connections`.
    #[must_use]
    pub fn new(connections: TemporalConnections, bounds: Bounds) -> Self {
        metrics::describe_gauge!(
            wait::OPEN_POLLS,
            "Long polls that are open to Temporal, each for all who wait on one run"
        );
        Self { connections, bounds, polls: Polls::default() }
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

    async fn history(&self, run: &WorkflowRun) -> Result<Vec<Value>, EngineError> {
        describe::history(&self.session(run), self.bounds.call).await
    }

    async fn query(&self, run: &WorkflowRun, question: &Query) -> Result<Value, QueryError> {
        query::query(&self.session(run), question, self.bounds).await
    }

    async fn wait(&self, run: &WorkflowRun, bound: Option<Duration>) -> Result<Waited, EngineError> {
        // A bound beyond the clock's end is none.
        let deadline = bound.and_then(|bound| Instant::now().checked_add(bound));
        let (connections, followed, call) = (self.connections.clone(), run.clone(), self.bounds.call);
        self.polls.wait(run, deadline, |report| follow::to_the_end(connections, followed, call, report)).await
    }

    async fn cancel(&self, run: &WorkflowRun, order: &StopOrder) -> Result<(), StopError> {
        stop::cancel(&self.session(run), order, self.bounds.call).await
    }

    async fn terminate(
        &self,
        run: &WorkflowRun,
        order: &StopOrder,
        details: Option<&Value>,
    ) -> Result<(), StopError> {
        stop::terminate(&self.session(run), order, details, self.bounds.call).await
    }
}
