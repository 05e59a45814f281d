//! Resets a workflow to a point of its history.

use workflow_api::ResetAnswer;

use super::{Addressee, WorkflowError, Workflows};
use crate::access::{Action, Resource};
use crate::ports::{Reset, ResetPoint};
use crate::request::Request;

impl Workflows {
    /// Ends a run, if it has not closed, and starts another that continues from a point of its history. Each
    /// call is a separate reset.
    ///
    /// # Errors
    /// Returns an error if the intent, the workflow, the run or the point does not exist, or if the engine
    /// cannot be asked.
    pub async fn reset(
        &self,
        request: &Request,
        to: &Addressee,
        point: ResetPoint,
        reason: String,
    ) -> Result<ResetAnswer, WorkflowError> {
        let permit =
            self.parts.access.authorize(request, Action::Reset, Resource::Intent(&to.intent)).await?;
        let run = self.run_of(request, Action::Reset, to).await?;
        let reset = Reset { to: point, reason, identity: request.actor.via(&self.parts.identity) };
        let run_id = permit.outward(&run, self.parts.engine.reset(&run, &reset)).await??;
        Ok(ResetAnswer { workflow_id: run.workflow_id, run_id })
    }
}
