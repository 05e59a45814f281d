//! Cancelling or terminating a workflow that belongs to an intent.

use serde_json::Value;
use workflow_api::{CancelRequest, WorkflowStatus};

use super::body::read_optional_body;
use super::{
    App, BodyError, FieldValidation, IntentError, StatusError, StatusRequest, TargetError, workflow_of,
};
use crate::intent::IntentKey;
use crate::temporal::{StopError, StopOrder, WorkflowRun};

/// What was told to end, and the unknown fields of the request.
#[derive(Debug)]
pub struct Canceled {
    /// Names the workflow, for a look at how it stands now.
    pub look: StatusRequest,
    /// JSON paths of unknown fields.
    pub unknown: Vec<String>,
}

/// Why a workflow was not told to end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CancelError {
    /// The body cannot be read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// There is no such intent, or it could not be looked up.
    #[error(transparent)]
    Intent(#[from] IntentError),
    /// The Temporal server may not be asked.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Temporal did not do it.
    #[error(transparent)]
    Stop(#[from] StopError),
    /// It was done, but how the workflow stands now is not known.
    #[error("the workflow was told to end, but its status cannot be told")]
    Status(#[source] StatusError),
}

impl App {
    /// Asks a workflow to end, or ends it at once, as `body` (EMCO-API §1.7; may be empty) says.
    ///
    /// # Errors
    /// When intent, workflow or run do not exist, the run has ended, or Temporal cannot be asked.
    pub async fn cancel(
        &self,
        key: &IntentKey,
        body: &[u8],
        fields: FieldValidation,
    ) -> Result<Canceled, CancelError> {
        let body = read_optional_body::<CancelRequest>(body, fields)?;
        let spec = body.value.spec;
        let intent = self.existing(key).await?;
        let run = WorkflowRun {
            target: self.targets.resolve(&spec.temporal_server)?,
            workflow_id: workflow_of(&intent, &spec.workflow_id),
            run_id: spec.run_id,
        };
        let order = StopOrder { reason: spec.reason, identity: String::new() };
        if spec.terminate {
            let details = (!spec.details.is_empty()).then_some(Value::Array(spec.details));
            self.engine.terminate(&run, &order, details.as_ref()).await?;
        } else {
            self.engine.cancel(&run, &order).await?;
        }
        let look = StatusRequest {
            temporal_server: spec.temporal_server,
            workflow_id: run.workflow_id,
            run_id: run.run_id,
            ..StatusRequest::default()
        };
        Ok(Canceled { look, unknown: body.unknown })
    }

    /// How a workflow stands that was told to end.
    ///
    /// # Errors
    /// When Temporal cannot tell.
    pub async fn status_after_cancel(
        &self,
        key: &IntentKey,
        canceled: &Canceled,
    ) -> Result<WorkflowStatus, CancelError> {
        let report = self.status(key, &canceled.look).await.map_err(CancelError::Status)?;
        Ok(report.status)
    }
}
