//! Cancelling or terminating a workflow that belongs to an intent, and waiting for its end.

use std::time::Duration;

use workflow_api::{CancelRequest, Escalation, RawJson, StopReport, TerminateRequest};

use super::body::read_body;
use super::request::Addressee;
use super::{App, Caller, FieldValidation, RequestError, Told};
use crate::temporal::{CommandError, EngineError, EscalateError, StopOrder, Waited, WorkflowRun};

/// What a caller wants beside the cancellation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CancelOptions {
    /// How long to wait for the end of the run, if at all.
    pub wait: Option<Duration>,
    /// After which time a run that has not ended is terminated; none for what the body says.
    pub escalate_after: Option<Duration>,
}

/// What was told to end.
#[derive(Debug)]
pub struct Canceled {
    /// The run, and the unknown fields of the request.
    pub told: Told,
    /// How it stood when the waiting was over, where the caller wanted to wait.
    pub report: Option<StopReport>,
    /// The termination that waits, where one was asked for.
    pub escalation: Option<Escalation>,
}

/// Why a workflow was not told to end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CancelError {
    /// It cannot be told what is wanted.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Temporal did not do it.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// It was cancelled, but will not be terminated.
    #[error("the workflow was cancelled, but nothing will terminate it; repeat the request")]
    Escalate(#[source] EscalateError),
    /// It was done, but how the workflow stands now is not known.
    #[error("the workflow was told to end, but its status cannot be told")]
    Status(#[source] EngineError),
}

impl App {
    /// Asks a workflow to end, or ends it at once, as `body` (EMCO-API §1.7) says. It must be there: one that was
    /// lost may have named another run.
    ///
    /// # Errors
    /// When intent, workflow or run do not exist, the run has ended, or Temporal cannot be asked.
    pub async fn cancel(
        &self,
        to: &Addressee,
        body: &[u8],
        fields: FieldValidation,
        options: CancelOptions,
        caller: &Caller,
    ) -> Result<Canceled, CancelError> {
        let body = read_body::<CancelRequest>(body, fields).map_err(RequestError::Body)?;
        let spec = body.value.spec;
        let mut run = self.run_of(to, spec.run).await?;
        let escalate_after = options.escalate_after.or_else(|| spec.escalate_after.to_duration());
        if escalate_after.is_some() && !self.escalates {
            return Err(CancelError::Escalate(EscalateError::Off));
        }
        // What follows is about this run, whatever starts after it.
        if escalate_after.is_some() || options.wait.is_some() {
            run.run_id = self.engine.describe(&run).await.map_err(CommandError::from)?.run_id;
        }
        let order = StopOrder { reason: spec.reason, identity: caller.identity(), ..StopOrder::default() };
        if spec.terminate {
            self.engine.terminate(&run, &order, details(&spec.details).as_ref()).await?;
        } else {
            self.engine.cancel(&run, &order).await?;
        }
        let escalation = match escalate_after.filter(|_| !spec.terminate) {
            Some(grace) => {
                Some(self.engine.terminate_after(&run, &order, grace).await.map_err(CancelError::Escalate)?)
            }
            None => None,
        };
        let report = match options.wait {
            Some(wait) => {
                Some(StopReport { escalation: escalation.clone(), ..self.await_stop(&run, wait).await? })
            }
            None => None,
        };
        Ok(Canceled { told: Told { run, unknown: body.unknown }, report, escalation })
    }

    /// Ends a workflow at once.
    ///
    /// # Errors
    /// As [`cancel`](Self::cancel).
    pub async fn terminate(
        &self,
        to: &Addressee,
        body: &[u8],
        fields: FieldValidation,
        caller: &Caller,
    ) -> Result<Told, CancelError> {
        let body = read_body::<TerminateRequest>(body, fields).map_err(RequestError::Body)?;
        let spec = body.value.spec;
        let run = self.run_of(to, spec.run).await?;
        let order = StopOrder { reason: spec.reason, identity: caller.identity(), ..StopOrder::default() };
        self.engine.terminate(&run, &order, details(&spec.details).as_ref()).await?;
        Ok(Told { run, unknown: body.unknown })
    }

    /// How a workflow stands that was told to end.
    ///
    /// # Errors
    /// When Temporal cannot tell.
    pub async fn stop_report(&self, run: &WorkflowRun) -> Result<StopReport, CancelError> {
        let seen = self.engine.describe(run).await.map_err(CancelError::Status)?;
        Ok(StopReport {
            workflow_id: run.workflow_id.clone(),
            run_id: seen.run_id,
            workflow_state: seen.state,
            stopped: seen.state.is_closed(),
            // Temporal goes on listing those of a run that was terminated.
            pending_activities: if seen.state.is_closed() { Vec::new() } else { seen.pending_activities },
            escalation: None,
        })
    }

    /// Waits for the end of a run, and of any run that it goes on in.
    async fn await_stop(&self, run: &WorkflowRun, wait: Duration) -> Result<StopReport, CancelError> {
        let waited = tokio::select! {
            waited = self.engine.wait(run, Some(wait.min(self.limits.max_wait))) => waited.map_err(CancelError::Status)?,
            // A process that ends does not hold its callers.
            () = self.shutdown.draining() => Waited::StillRunning,
        };
        match waited {
            Waited::StillRunning => self.stop_report(run).await,
            Waited::Closed(closed) => Ok(StopReport {
                workflow_id: run.workflow_id.clone(),
                run_id: closed.run_id,
                workflow_state: closed.state,
                stopped: true,
                pending_activities: Vec::new(),
                escalation: None,
            }),
        }
    }
}

/// The details as the one value that Temporal is given.
fn details(details: &[RawJson]) -> Option<RawJson> {
    // The JSON of texts that are JSON.
    if details.is_empty() { None } else { RawJson::of(details).ok() }
}
