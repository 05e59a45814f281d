//! Cancels or terminates a workflow, and waits for its end.

use std::time::Duration;

use workflow_api::{RawJson, StopReport};

use super::{Addressee, WorkflowError, Workflows};
use crate::access::{Action, Resource};
use crate::chain::{self, last_run};
use crate::model::WorkflowRun;
use crate::ports::{CommandError, EngineError, EscalateError, StopOrder, Waited};
use crate::request::Request;

/// A request to stop a workflow.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stop {
    /// The reason.
    pub reason: String,
    /// How long to wait for the end of the run; `None` for not at all.
    pub wait: Option<Duration>,
    /// Whether the caller wants the state of the workflow afterwards, even without a wait.
    pub report: bool,
    /// The time after which a cancelled run is terminated if it has not closed.
    pub escalate_after: Option<Duration>,
    /// Details of a termination, for the history.
    pub details: Vec<RawJson>,
}

impl Stop {
    /// Returns the actions that a cancellation needs beside its own: one that is followed by a termination needs
    /// the right to terminate too.
    fn other_actions(&self) -> &'static [Action] {
        if self.escalate_after.is_some() { &[Action::Terminate] } else { &[] }
    }
}

impl Workflows {
    /// Asks a workflow to end; its code may clean up first. Returns its state afterwards, if requested.
    ///
    /// # Errors
    /// Returns an error if the intent, the workflow or the run does not exist, if the run has closed, or if
    /// the engine cannot be asked.
    pub async fn cancel(
        &self,
        request: &Request,
        to: &Addressee,
        stop: &Stop,
    ) -> Result<Option<StopReport>, WorkflowError> {
        let permit = self
            .parts
            .access
            .authorize_with(request, Action::Cancel, stop.other_actions(), Resource::Intent(&to.intent))
            .await?;
        let (run, order) = self.prepare(request, Action::Cancel, to, stop).await?;
        let cancel = async {
            let cancelled = self.parts.engine.cancel(&run, &order).await;
            self.accepted(&run, cancelled).await?;
            let Some(grace) = stop.escalate_after else { return Ok(None) };
            let escalated = self.parts.engine.terminate_after(&run, &order, grace).await;
            escalated.map(Some).map_err(WorkflowError::Escalate)
        };
        let escalation = permit.outward(&run, cancel).await??;
        let report = self.report(&run, stop).await?;
        Ok(report.map(|report| StopReport { escalation, ..report }))
    }

    /// Ends a workflow at once. Returns its state afterwards, if requested.
    ///
    /// # Errors
    /// Returns an error in the cases of [`cancel`](Self::cancel).
    pub async fn terminate(
        &self,
        request: &Request,
        to: &Addressee,
        stop: &Stop,
    ) -> Result<Option<StopReport>, WorkflowError> {
        let permit =
            self.parts.access.authorize(request, Action::Terminate, Resource::Intent(&to.intent)).await?;
        let (run, order) = self.prepare(request, Action::Terminate, to, stop).await?;
        let details = details(&stop.details);
        let terminate = self.parts.engine.terminate(&run, &order, details.as_ref());
        let terminated = permit.outward(&run, terminate).await?;
        self.accepted(&run, terminated).await?;
        self.report(&run, stop).await
    }

    async fn prepare(
        &self,
        request: &Request,
        action: Action,
        to: &Addressee,
        stop: &Stop,
    ) -> Result<(WorkflowRun, StopOrder), WorkflowError> {
        let mut run = self.run_of(request, action, to).await?;
        if stop.escalate_after.is_some() && !self.parts.escalates {
            return Err(WorkflowError::Escalate(EscalateError::Off));
        }
        // The rest is about this run, even if another one starts in the meantime.
        if stop.escalate_after.is_some() || stop.wait.is_some() {
            run.run_id = self.parts.engine.outline(&run).await.map_err(CommandError::from)?.run_id;
        }
        let identity = request.actor.via(&self.parts.identity);
        Ok((run, StopOrder { reason: stop.reason.clone(), identity, ..StopOrder::default() }))
    }

    async fn report(&self, run: &WorkflowRun, stop: &Stop) -> Result<Option<StopReport>, WorkflowError> {
        let report = match stop.wait {
            Some(wait) => self.await_stop(run, wait).await,
            None if stop.report => self.state_of(run).await,
            None => return Ok(None),
        };
        report.map(Some).map_err(WorkflowError::Status)
    }

    async fn state_of(&self, run: &WorkflowRun) -> Result<StopReport, EngineError> {
        let seen = match last_run(&self.parts, run).await? {
            Some(last) => last,
            None => self.parts.engine.outline(run).await?,
        };
        let closed = seen.state.is_closed();
        Ok(StopReport {
            workflow_id: run.workflow_id.clone(),
            run_id: seen.run_id,
            workflow_state: seen.state,
            stopped: closed,
            // Temporal still lists the activities of a run that was terminated.
            pending_activities: if closed { Vec::new() } else { seen.pending_activities },
            pending_children: if closed { Vec::new() } else { seen.pending_children },
            escalation: None,
        })
    }

    /// Waits for the end of a run, and of every run that continues it.
    async fn await_stop(&self, run: &WorkflowRun, wait: Duration) -> Result<StopReport, EngineError> {
        let bound = wait.min(self.parts.limits.max_wait);
        match chain::wait(&self.parts, run, bound).await? {
            Waited::StillOpen { run_id, .. } => self.state_of(&WorkflowRun { run_id, ..run.clone() }).await,
            Waited::Closed(closed) => Ok(StopReport {
                workflow_id: run.workflow_id.clone(),
                run_id: closed.run_id,
                workflow_state: closed.state,
                stopped: true,
                pending_activities: Vec::new(),
                pending_children: Vec::new(),
                escalation: None,
            }),
        }
    }
}

/// Returns the details as one value.
fn details(details: &[RawJson]) -> Option<RawJson> {
    // Texts that are each JSON make a JSON array.
    if details.is_empty() { None } else { RawJson::of(details).ok() }
}
