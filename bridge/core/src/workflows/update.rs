//! Updates a workflow.

use std::time::Duration;

use uuid::Uuid;
use workflow_api::{MessageKind, RawJson, UpdateAnswer, UpdateStage};

use super::declared::Content;
use super::{Addressee, WorkflowError, Workflows};
use crate::access::{Action, Resource};
use crate::ports::{Update, UpdateError, Updated};
use crate::request::Request;

/// An update from a caller.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UpdateOrder {
    /// Its name.
    pub name: String,
    /// Its arguments, in order.
    pub args: Vec<RawJson>,
    /// The caller's ID: updates with one ID are one update.
    pub update_id: Option<String>,
    /// Maximum time to wait for the outcome; `None` for the bridge's default.
    pub wait: Option<Duration>,
    /// Whether it is sent without a check by the workflow client.
    pub unchecked: bool,
}

impl Workflows {
    /// Updates the workflow, and waits for the outcome.
    ///
    /// # Errors
    /// Returns an error if the intent, the workflow or the run does not exist, if the update is not as the
    /// workflow client declares it, if the workflow rejects the update or fails in it, or if the engine cannot
    /// be asked.
    pub async fn update(
        &self,
        request: &Request,
        to: &Addressee,
        order: UpdateOrder,
    ) -> Result<UpdateAnswer, WorkflowError> {
        let permit =
            self.parts.access.authorize(request, Action::Update, Resource::Intent(&to.intent)).await?;
        let UpdateOrder { name, args, unchecked, .. } = &order;
        let content = Content { kind: MessageKind::Update, name, args, unchecked: *unchecked };
        let run = self.run_for(request, Action::Update, to, content).await?;
        let limits = &self.parts.limits;
        let update = Update {
            name: order.name,
            args: order.args,
            update_id: order.update_id.unwrap_or_else(|| Uuid::new_v4().to_string()),
            identity: request.actor.via(&self.parts.identity),
            bound: order.wait.unwrap_or(limits.wait).min(limits.max_wait),
        };
        let updated = match permit.outward(&run, self.parts.engine.update(&run, &update)).await? {
            Err(UpdateError::Command(error)) => self.accepted(&run, Err(error)).await?,
            updated => updated?,
        };
        let (stage, run_id, result) = match updated {
            Updated::Completed { run_id, result } => (UpdateStage::Completed, run_id, Some(result)),
            Updated::Accepted { run_id } => (UpdateStage::Accepted, run_id, None),
        };
        Ok(UpdateAnswer { workflow_id: run.workflow_id, run_id, update_id: update.update_id, stage, result })
    }
}
