//! Updating a workflow that belongs to an intent.

use std::time::Duration;

use workflow_api::{UpdateAnswer, UpdateRequest, UpdateStage};

use super::request::{Addressee, read_request, required};
use super::signal::new_id;
use super::{App, Caller, FieldValidation, Lenient, RequestError};
use crate::temporal::{self, Update, Updated};

/// Why an update has no outcome.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// It cannot be told what is wanted.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The workflow did not do it, or nobody can tell.
    #[error(transparent)]
    Update(#[from] temporal::UpdateError),
}

impl UpdateError {
    /// The same, without the stack traces of the workflow's failure.
    #[must_use]
    pub fn without_stack_traces(mut self) -> Self {
        if let Self::Update(
            temporal::UpdateError::Rejected { failure, .. } | temporal::UpdateError::Failed { failure, .. },
        ) = &mut self
        {
            **failure = std::mem::take(&mut **failure).without_stack_traces();
        }
        self
    }
}

impl App {
    /// Has the workflow do the update that `body` names, and waits for the outcome: for `wait`, or the bridge's own bound.
    /// Repeats under one ID, which is the body's or else `idempotency_key`, are one update.
    ///
    /// # Errors
    /// When intent, workflow or run do not exist, the workflow does not do it, or Temporal cannot be asked.
    pub async fn update(
        &self,
        to: &Addressee,
        body: &[u8],
        fields: FieldValidation,
        idempotency_key: Option<String>,
        wait: Option<Duration>,
        caller: &Caller,
    ) -> Result<Lenient<UpdateAnswer>, UpdateError> {
        let body = read_request::<UpdateRequest>(body, fields)?;
        let spec = body.value.spec;
        required("$.spec.name", &spec.name)?;
        let run = self.run_of(to, spec.run).await?;
        let given = (!spec.update_id.is_empty()).then_some(spec.update_id);
        let update = Update {
            name: spec.name,
            args: spec.args,
            update_id: given.or(idempotency_key).unwrap_or_else(new_id),
            identity: caller.identity(),
            bound: wait.unwrap_or(self.limits.wait).min(self.limits.max_wait),
        };
        let (stage, run_id, result) = match self.engine.update(&run, &update).await? {
            Updated::Completed { run_id, result } => (UpdateStage::Completed, run_id, Some(result)),
            Updated::Accepted { run_id } => (UpdateStage::Accepted, run_id, None),
        };
        let (workflow_id, update_id) = (run.workflow_id, update.update_id);
        let answer = UpdateAnswer { workflow_id, run_id, update_id, stage, result };
        Ok(Lenient { value: answer, unknown: body.unknown })
    }
}
