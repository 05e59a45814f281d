//! Pauses a workflow, or lets it continue.

use workflow_api::WorkflowStatus;

use super::{Addressee, WorkflowError, Workflows};
use crate::access::{Action, Resource};
use crate::model::WorkflowRun;
use crate::ports::{CommandError, PauseError, PauseOrder};
use crate::request::Request;

/// A request to pause a workflow, or to let it continue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pause {
    /// The reason.
    pub reason: String,
    /// Whether the caller wants the state of the workflow afterwards.
    pub report: bool,
}

impl Workflows {
    /// Pauses a workflow: its code does nothing until it is unpaused, and activities are not started. Returns
    /// its state afterwards, if requested.
    ///
    /// # Errors
    /// Returns an error if the intent, the workflow or the run does not exist, if the run has closed, or if
    /// the engine cannot pause workflows or cannot be asked.
    pub async fn pause(
        &self,
        request: &Request,
        to: &Addressee,
        pause: Pause,
    ) -> Result<Option<WorkflowStatus>, WorkflowError> {
        let permit =
            self.parts.access.authorize(request, Action::Pause, Resource::Intent(&to.intent)).await?;
        let (run, report) = (self.run_of(request, Action::Pause, to).await?, pause.report);
        let order = self.pause_order(request, pause);
        let paused = permit.outward(&run, self.parts.engine.pause(&run, &order)).await?;
        self.paused(&run, paused, report).await
    }

    /// Lets a paused workflow continue. Returns its state afterwards, if requested.
    ///
    /// # Errors
    /// Returns an error in the cases of [`pause`](Self::pause).
    pub async fn unpause(
        &self,
        request: &Request,
        to: &Addressee,
        pause: Pause,
    ) -> Result<Option<WorkflowStatus>, WorkflowError> {
        let permit =
            self.parts.access.authorize(request, Action::Unpause, Resource::Intent(&to.intent)).await?;
        let (run, report) = (self.run_of(request, Action::Unpause, to).await?, pause.report);
        let order = self.pause_order(request, pause);
        let unpaused = permit.outward(&run, self.parts.engine.unpause(&run, &order)).await?;
        self.paused(&run, unpaused, report).await
    }

    fn pause_order(&self, request: &Request, pause: Pause) -> PauseOrder {
        PauseOrder { reason: pause.reason, identity: request.actor.via(&self.parts.identity) }
    }

    async fn paused(
        &self,
        run: &WorkflowRun,
        answer: Result<(), PauseError>,
        report: bool,
    ) -> Result<Option<WorkflowStatus>, WorkflowError> {
        match answer {
            Err(PauseError::Command(error @ CommandError::AlreadyClosed { .. })) => {
                self.accepted(run, Err(error)).await?;
            }
            answer => answer?,
        }
        if report { Ok(Some(self.brief_status(run).await?)) } else { Ok(None) }
    }
}
