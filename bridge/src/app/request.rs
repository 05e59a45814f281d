//! What requests to verbs have in common: a body, an intent, and the run that is meant.

use workflow_api::{Fault, FromJson, RunReference, WorkflowStatus};

use super::body::read_optional_body;
use super::{App, BodyError, FieldValidation, IntentError, Lenient, TargetError};
use crate::intent::IntentKey;
use crate::temporal::{EngineError, WorkflowRun};

/// Why it cannot be told what a request wants.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The body cannot be read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The body leaves out what must be said, or contradicts itself.
    #[error("the body does not say all that is needed")]
    Incomplete(Vec<Fault>),
    /// There is no such intent, or it could not be looked up.
    #[error(transparent)]
    Intent(#[from] IntentError),
    /// The Temporal server may not be asked.
    #[error(transparent)]
    Target(#[from] TargetError),
}

/// What was told to which run, and the unknown fields of the request.
#[derive(Debug)]
pub struct Told {
    /// The run.
    pub run: WorkflowRun,
    /// JSON paths of unknown fields.
    pub unknown: Vec<String>,
}

/// Whom a request is about, before its body is read: the workflow of an intent, or the one that is named beside the body.
#[derive(Debug, Clone, PartialEq)]
pub struct Addressee {
    /// The intent.
    pub intent: IntentKey,
    /// What is named; each part that is there counts before that of the body.
    pub run: RunReference,
}

impl App {
    /// The run that a request means: the one it names, else the latest of the intent's workflow.
    pub(super) async fn run_of(
        &self,
        to: &Addressee,
        body: RunReference,
    ) -> Result<WorkflowRun, RequestError> {
        let reference = to.run.clone().or(body);
        let workflow_id = self.workflow_of(&to.intent, reference.workflow_id).await?;
        let run = WorkflowRun {
            target: self.targets.resolve(&reference.temporal_server, reference.namespace.as_str())?,
            workflow_id,
            run_id: reference.run_id,
        };
        Ok(run)
    }

    /// How a run stands, in short.
    ///
    /// # Errors
    /// When Temporal cannot tell.
    pub async fn outline(&self, run: &WorkflowRun) -> Result<WorkflowStatus, EngineError> {
        let seen = self.engine.describe(run).await?;
        Ok(WorkflowStatus {
            workflow_id: run.workflow_id.clone(),
            run_id: seen.run_id,
            workflow_state: Some(seen.state),
            ..WorkflowStatus::default()
        })
    }
}

/// Reads the body of a verb, which may be left out where nothing must be said.
pub(super) fn read_request<T: FromJson + Default>(
    body: &[u8],
    fields: FieldValidation,
) -> Result<Lenient<T>, RequestError> {
    Ok(read_optional_body(body, fields)?)
}

/// Refuses an empty text.
pub(super) fn required(path: &str, text: &str) -> Result<(), RequestError> {
    if text.is_empty() {
        return Err(RequestError::Incomplete(vec![Fault::new(path, "must be given")]));
    }
    Ok(())
}
