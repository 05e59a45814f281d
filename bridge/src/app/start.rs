//! Starting an intent: on record before the workflow client is asked, settled after it answered, carried through even
//! when the caller hangs up.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use metrics::counter;
use workflow_api::{RunId, WorkflowId, WorkflowIntent};

use super::{App, IntentError};
use crate::intent::{IntentKey, Outcome, Run, StartId};
use crate::invoke::{Accepted, Invocation, InvokeError};
use crate::storage::StoreError;
use crate::temporal::{Description, EngineError, WorkflowRun};

/// Starts, by outcome.
pub(crate) const STARTS: &str = "bridge_starts_total";

/// How far Temporal's clock may be behind ours.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(2);

/// The run that a start led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartedRun {
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The run; `None` where neither the client nor Temporal told it.
    pub run_id: Option<RunId>,
    /// Whether it was running before, so that nothing new was started.
    pub already_running: bool,
}

/// Why an intent was not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no such intent, or it could not be looked up.
    #[error(transparent)]
    Intent(#[from] IntentError),
    /// The run could not be put on record; so nothing was started.
    #[error("nothing was started, because the start could not be put on record")]
    NotRecorded(#[source] StoreError),
    /// The workflow client did not accept it, and nothing was started.
    #[error("workflow intent `{intent}` was not started")]
    NotStarted {
        /// The intent.
        intent: Box<IntentKey>,
        /// Why.
        #[source]
        source: InvokeError,
    },
    /// The workflow client may or may not have started the workflow.
    #[error(
        "nobody can say yet whether workflow intent `{intent}` was started: ask for the status of \
         workflow `{workflow_id}` before starting it again"
    )]
    OutcomeUnknown {
        /// The intent.
        intent: Box<IntentKey>,
        /// The workflow to look for.
        workflow_id: WorkflowId,
        /// What went wrong.
        #[source]
        source: InvokeError,
    },
    /// The start broke off; the log says why.
    #[error("the start of workflow intent `{0}` broke off inside the bridge")]
    BrokenOff(IntentKey),
}

impl App {
    /// Starts the workflow of an intent once. `key` makes a repeated call the same start, where the client heeds it.
    ///
    /// # Errors
    /// When the workflow client did not accept it, or may not have.
    pub async fn start(
        self: &Arc<Self>,
        key: &IntentKey,
        idempotency_key: Option<String>,
    ) -> Result<StartedRun, StartError> {
        let intent = self.existing(key).await?;
        let id = StartId::new();
        let run = Run {
            id,
            intent: key.clone(),
            workflow_id: intent.spec.temporal.workflow_start_options.id.clone(),
            idempotency_key: idempotency_key.unwrap_or_else(|| id.to_string()),
            requested_at: Timestamp::now(),
            outcome: Outcome::Starting,
        };
        let app = Arc::clone(self);
        let work = self.shutdown.spawn(async move { app.carry_through(intent, run).await });
        work.await.unwrap_or_else(|_| Err(StartError::BrokenOff(key.clone())))
    }

    async fn carry_through(&self, intent: WorkflowIntent, mut run: Run) -> Result<StartedRun, StartError> {
        self.store.add_run(&run).await.map_err(StartError::NotRecorded)?;
        let call = Invocation {
            endpoint: &intent.spec.workflow_client,
            spec: &intent.spec.temporal,
            idempotency_key: &run.idempotency_key,
        };
        let result = match self.invoke.invoke(&call).await {
            Ok(accepted) => Ok(self.complete(&run, accepted).await),
            Err(error) if error.nothing_started() => {
                Err(StartError::NotStarted { intent: Box::new(run.intent.clone()), source: error })
            }
            Err(error) => self.after_lost_answer(&run, error).await,
        };
        if let Ok(started) = &result {
            run.workflow_id = started.workflow_id.clone();
        }
        run.outcome = outcome(&result);
        self.settle(&run).await;
        result
    }

    /// The client may have started the workflow; where Temporal has it, it did.
    async fn after_lost_answer(&self, run: &Run, error: InvokeError) -> Result<StartedRun, StartError> {
        match self.look_up(run).await {
            Ok(Some(found)) if started_by(run, &found) => Ok(StartedRun {
                workflow_id: run.workflow_id.clone(),
                run_id: Some(found.run_id),
                already_running: false,
            }),
            // Not there may mean not there yet.
            Ok(_) | Err(_) => Err(StartError::OutcomeUnknown {
                intent: Box::new(run.intent.clone()),
                workflow_id: run.workflow_id.clone(),
                source: error,
            }),
        }
    }

    /// Puts the outcome on record. Where that fails the answer to the caller stays true, and the next start of the bridge
    /// settles the record.
    pub(super) async fn settle(&self, run: &Run) {
        counter!(STARTS, "outcome" => run.outcome.word()).increment(1);
        match self.store.settle_run(run).await {
            Ok(true) => tracing::info!(start = %run.id, intent = %run.intent, workflow_id = %run.workflow_id,
                outcome = run.outcome.word(), "start settled"),
            Ok(false) => {
                tracing::warn!(start = %run.id, "a start was settled twice; the first outcome stands")
            }
            Err(error) => tracing::error!(start = %run.id, outcome = run.outcome.word(),
                error = service::chain(&error), "the outcome of a start could not be put on record"),
        }
    }

    /// What the client told, completed by what Temporal knows: a client written for EMCO tells nothing.
    async fn complete(&self, run: &Run, accepted: Accepted) -> StartedRun {
        let workflow_id = accepted.workflow_id.unwrap_or_else(|| run.workflow_id.clone());
        if let Some(run_id) = accepted.run_id {
            let already_running = accepted.already_running.unwrap_or_default();
            return StartedRun { workflow_id, run_id: Some(run_id), already_running };
        }
        let told = Run { workflow_id: workflow_id.clone(), ..run.clone() };
        let found = match self.look_up(&told).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(start = %run.id, error = service::chain(&error), "the run ID of a start is not known");
                None
            }
        };
        match found {
            Some(found) if started_by(run, &found) => {
                StartedRun { workflow_id, run_id: Some(found.run_id), already_running: false }
            }
            // A workflow client takes an ID that is running for a success (EMCO-API §2.4).
            Some(found) if !found.state.is_closed() => {
                StartedRun { workflow_id, run_id: Some(found.run_id), already_running: true }
            }
            _ => StartedRun { workflow_id, run_id: None, already_running: false },
        }
    }

    /// The latest run of a start's workflow, on the configured server.
    pub(super) async fn look_up(&self, run: &Run) -> Result<Option<Description>, EngineError> {
        let latest = WorkflowRun {
            target: self.targets.default.clone(),
            workflow_id: run.workflow_id.clone(),
            run_id: RunId::default(),
        };
        match self.engine.describe(&latest).await {
            Ok(description) => Ok(Some(description)),
            Err(EngineError::NoSuchWorkflow { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether a run of the workflow was begun after the start was asked for.
pub(super) fn started_by(run: &Run, found: &Description) -> bool {
    found.started.is_some_and(|started| started >= run.requested_at - CLOCK_SKEW)
}

fn outcome(result: &Result<StartedRun, StartError>) -> Outcome {
    let at = Timestamp::now();
    match result {
        Ok(started) => Outcome::Started { run_id: started.run_id.clone(), at },
        Err(StartError::OutcomeUnknown { source, .. }) => {
            Outcome::Unknown { reason: service::chain(source), at }
        }
        Err(error) => Outcome::NotStarted {
            reason: service::chain(std::error::Error::source(error).unwrap_or(error)),
            at,
        },
    }
}
