//! Sending a signal to a workflow that belongs to an intent.

use workflow_api::SignalRequest;

use super::request::{Addressee, read_request, required};
use super::{App, Caller, FieldValidation, RequestError, Told};
use crate::temporal::{CommandError, Signal};

/// Why a signal was not sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignalError {
    /// It cannot be told what is wanted.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Temporal did not take it.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl App {
    /// Sends the signal that `body` names. Repeats under one `idempotency_key` are one signal.
    ///
    /// # Errors
    /// When intent, workflow or run do not exist, the run has ended, or Temporal cannot be asked.
    pub async fn signal(
        &self,
        to: &Addressee,
        body: &[u8],
        fields: FieldValidation,
        idempotency_key: Option<String>,
        caller: &Caller,
    ) -> Result<Told, SignalError> {
        let body = read_request::<SignalRequest>(body, fields)?;
        let spec = body.value.spec;
        required("$.spec.name", &spec.name)?;
        let run = self.run_of(to, spec.run).await?;
        let signal = Signal {
            name: spec.name,
            args: spec.args,
            request_id: idempotency_key.unwrap_or_else(new_id),
            identity: caller.identity(),
        };
        self.engine.signal(&run, &signal).await?;
        Ok(Told { run, unknown: body.unknown })
    }
}

/// An ID for a request that is not repeated by its sender, but may be on its way.
pub(super) fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
