//! Starting an intent: on record before the workflow client is asked, settled before the caller is answered, carried through
//! even when the caller hangs up. A caller's key names one start, however often it comes.

mod attempt;
mod measure;
mod order;
mod sighting;

use std::sync::Arc;
use std::time::Duration;

use futures::future::join;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::task::yield_now;
use workflow_api::{Fault, RunId, StartRequest, TemporalSpec, WorkflowId, WorkflowIntentSpec};

use self::order::Order;
use super::body::read_optional_body;
use super::{App, BodyError, FieldValidation, IntentError};
use crate::intent::IntentKey;
use crate::invoke::{Invocation, InvokeError};
use crate::run::{Outcome, RUN_NUMBER, Run, StartId, StartKey};
use crate::storage::{Begun, StoreError, Terms};
pub(super) use attempt::Attempt;
use attempt::not_started;
pub(crate) use measure::STARTS;
pub(super) use sighting::Sighting;

/// How much longer than the time of a start it may take to put its outcome on record.
const TO_SETTLE: Duration = Duration::from_secs(10);

/// A call to start an intent.
#[derive(Debug, Clone, Default)]
pub struct StartCall<'a> {
    /// What this start does otherwise than the intent says ([`StartRequest`]); may be empty.
    pub body: &'a [u8],
    /// What to do about unknown fields of the body.
    pub fields: FieldValidation,
    /// Names the start: the same key is the same start.
    pub idempotency_key: Option<String>,
    /// Who calls; empty where nobody says.
    pub caller: String,
}

/// What a call to start led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartReport {
    /// The run.
    pub run: StartedRun,
    /// Whether an earlier call under the same key started it.
    pub repeated: bool,
    /// JSON paths of unknown fields of the body.
    pub unknown: Vec<String>,
}

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

/// What a start would post.
#[derive(Debug, Clone, PartialEq)]
pub struct StartPreview {
    /// Where to.
    pub url: String,
    /// What.
    pub body: TemporalSpec,
    /// JSON paths of unknown fields of the call's body.
    pub unknown: Vec<String>,
}

/// Why an intent was not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The body cannot be read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// What the body asks for is not sound.
    #[error("the start is not sound; nothing was started")]
    Unsound(Vec<Fault>),
    /// There is no such intent, or it could not be looked up.
    #[error(transparent)]
    Intent(#[from] IntentError),
    /// The run could not be put on record; so nothing was started.
    #[error("nothing was started, because the start could not be put on record")]
    NotRecorded(#[source] StoreError),
    /// An earlier call under the same key asked for something else.
    #[error(
        "the idempotency key was given before, with another body, to start workflow intent `{0}`: \
         nothing was started; write a new key for a new start"
    )]
    KeyReused(IntentKey),
    /// An earlier call under the same key is being carried through.
    #[error(
        "a start of workflow intent `{0}` under this idempotency key is under way: ask again shortly for its outcome"
    )]
    InFlight(IntentKey),
    /// The workflow client did not accept it, and nothing was started.
    #[error("workflow intent `{intent}` was not started")]
    NotStarted {
        /// The intent.
        intent: Box<IntentKey>,
        /// Why.
        #[source]
        source: StartFault,
    },
    /// The workflow client may or may not have started the workflow.
    #[error(
        "nobody can say yet whether workflow intent `{intent}` was started: ask for the status of \
         workflow `{workflow_id}`, or repeat the call if it had an `Idempotency-Key`; without one, a repeat may start it twice"
    )]
    OutcomeUnknown {
        /// The intent.
        intent: Box<IntentKey>,
        /// The workflow to look for.
        workflow_id: WorkflowId,
        /// What went wrong.
        #[source]
        source: StartFault,
    },
    /// The start broke off; the log says why.
    #[error("the start of workflow intent `{0}` broke off inside the bridge")]
    BrokenOff(IntentKey),
}

/// What went wrong with a start that was begun.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartFault {
    /// The workflow client.
    #[error(transparent)]
    Client(#[from] InvokeError),
    /// An earlier attempt broke off; this is what was found of it.
    #[error("{0}")]
    BrokenOff(&'static str),
}

impl App {
    /// Starts the workflow of an intent once. Where an earlier call under the same key did, its answer is given again; where
    /// that started nothing, or its outcome is not known, the start is made good now.
    ///
    /// # Errors
    /// When the workflow client did not accept it, or may not have; when the call is not sound.
    pub async fn start(
        self: &Arc<Self>,
        key: &IntentKey,
        call: StartCall<'_>,
    ) -> Result<StartReport, StartError> {
        let (order, unknown) = self.ordered(key, &call).await?;
        let id = StartId::new();
        let run = Run {
            id,
            intent: key.clone(),
            number: 0,
            revision: order.revision.get(),
            workflow_id: order.spec.temporal.workflow_start_options.id.clone(),
            key: match call.idempotency_key {
                Some(text) => StartKey { text, fingerprint: Some(fingerprint(call.body)) },
                None => StartKey { text: id.to_string(), fingerprint: None },
            },
            started_by: call.caller,
            requested_at: Timestamp::now(),
            attempt: 0,
            outcome: Outcome::Starting,
        };
        let app = Arc::clone(self);
        let work = self.shutdown.spawn(async move { app.begin(run, order).await });
        let (run, repeated) = work.await.unwrap_or_else(|_| Err(StartError::BrokenOff(key.clone())))?;
        Ok(StartReport { run, repeated, unknown })
    }

    /// What a start would post to the workflow client. Nothing is posted, and nothing kept.
    ///
    /// # Errors
    /// When there is no such intent, or the call is not sound.
    pub async fn preview_start(
        &self,
        key: &IntentKey,
        call: &StartCall<'_>,
    ) -> Result<StartPreview, StartError> {
        let (Order { mut spec, .. }, unknown) = self.ordered(key, call).await?;
        let id = &mut spec.temporal.workflow_start_options.id;
        if id.as_str().contains(RUN_NUMBER) {
            let latest = self.store.runs(key, None, 1).await.map_err(IntentError::Store)?;
            let next = latest.first().map_or(0, |run| run.number) + 1;
            *id = id.as_str().replace(RUN_NUMBER, &next.to_string()).into();
        }
        let call = self.invoke.prepare(&spec.workflow_client, &spec.temporal, "").map_err(|error| {
            StartError::NotStarted { intent: Box::new(key.clone()), source: error.into() }
        })?;
        Ok(StartPreview { url: call.url.into(), body: spec.temporal, unknown })
    }

    /// What is to be started: the intent, changed as the call wants it. Beside it unknown fields of the call's body.
    async fn ordered(
        &self,
        key: &IntentKey,
        call: &StartCall<'_>,
    ) -> Result<(Order, Vec<String>), StartError> {
        let body = read_optional_body::<StartRequest>(call.body, call.fields)?;
        let order = Order::new(self.kept(key).await?, body.value.spec).map_err(StartError::Unsound)?;
        Ok((order, body.unknown))
    }

    /// Begins a start, or finds the one under the same key; says which.
    async fn begin(&self, run: Run, order: Order) -> Result<(StartedRun, bool), StartError> {
        let terms = Terms { lease: self.lease(), key_kept: self.limits.key_kept };
        // The call is made ready while the disk is at work.
        let (begun, call) = join(
            self.store.begin_run(&run, order.own_spec(), terms),
            self.early_invocation(&run, &order.spec),
        )
        .await;
        match begun.map_err(StartError::NotRecorded)? {
            Begun::New(run) => Ok((self.carry_through(run, &order.spec, call).await?, false)),
            Begun::Known(known) if known.key.fingerprint != run.key.fingerprint => {
                Err(StartError::KeyReused(known.intent))
            }
            // Apart, as what follows is: rare, and large to keep for each start.
            Begun::Known(known) => Box::pin(self.repeat(known, run, order)).await,
        }
    }

    /// What a call leads to whose key came before: `known` is on record, `run` was to be put there.
    async fn repeat(&self, known: Run, run: Run, order: Order) -> Result<(StartedRun, bool), StartError> {
        let in_flight = || StartError::InFlight(known.intent.clone());
        match known.outcome {
            Outcome::Started { run_id, already_running, .. } => {
                let run = StartedRun { workflow_id: known.workflow_id, run_id, already_running };
                return Ok((run, true));
            }
            Outcome::NotStarted { .. } => {}
            Outcome::Starting | Outcome::Unknown { .. } => {
                let taken = self.store.take_over(known.id, self.lease_to_resume()).await;
                let (mut taken, was) = taken.map_err(IntentError::Store)?.ok_or_else(in_flight)?;
                let result = self.resume(&taken, &was).await;
                match self.close(&mut taken, result).await {
                    // So it can be made good.
                    Err(StartError::NotStarted { source: StartFault::BrokenOff(_), .. }) => {}
                    result => return Ok((result?, true)),
                }
            }
        }
        let again = Run { id: known.id, ..run };
        let begun = self.store.begin_again(&again, order.own_spec(), self.lease()).await;
        let run = begun.map_err(StartError::NotRecorded)?.ok_or_else(in_flight)?;
        Ok((self.carry_through(run, &order.spec, None).await?, false))
    }

    /// Makes a start of which the client has not heard.
    async fn carry_through(
        &self,
        mut run: Run,
        spec: &WorkflowIntentSpec,
        call: Option<Result<Invocation, StartError>>,
    ) -> Result<StartedRun, StartError> {
        let result = match call.unwrap_or_else(|| self.invocation(&run, spec)) {
            Ok(call) => Attempt::new(self, &run, call).start().await,
            Err(error) => Err(error),
        };
        self.close(&mut run, result).await
    }

    /// The call that a start will make, once others have had their turn; `None` where it depends on the number that the start is
    /// yet to get.
    async fn early_invocation(
        &self,
        run: &Run,
        spec: &WorkflowIntentSpec,
    ) -> Option<Result<Invocation, StartError>> {
        if run.workflow_id.as_str().contains(RUN_NUMBER) {
            return None;
        }
        yield_now().await;
        Some(self.invocation(run, spec))
    }

    /// The call that a start makes: the client is told `spec`, with the workflow ID that is on record.
    pub(super) fn invocation(&self, run: &Run, spec: &WorkflowIntentSpec) -> Result<Invocation, StartError> {
        let call = if spec.temporal.workflow_start_options.id == run.workflow_id {
            self.invoke.prepare(&spec.workflow_client, &spec.temporal, &run.key.text)
        } else {
            let mut temporal = spec.temporal.clone();
            temporal.workflow_start_options.id = run.workflow_id.clone();
            self.invoke.prepare(&spec.workflow_client, &temporal, &run.key.text)
        };
        call.map_err(|error| not_started(run, error))
    }

    /// Puts on record what came of a start.
    pub(super) async fn close(
        &self,
        run: &mut Run,
        result: Result<StartedRun, StartError>,
    ) -> Result<StartedRun, StartError> {
        if let Ok(started) = &result {
            run.workflow_id = started.workflow_id.clone();
        }
        run.outcome = outcome(&result);
        self.settle(run).await;
        result
    }

    /// Where that fails the answer to the caller stays true, and whoever takes the start over settles the record.
    async fn settle(&self, run: &Run) {
        measure::settled(&run.intent, &run.outcome);
        match self.store.settle_run(run).await {
            Ok(true) => tracing::info!(start = %run.id, intent = %run.intent, workflow_id = %run.workflow_id,
                outcome = run.outcome.word(), "start settled"),
            Ok(false) => {
                tracing::warn!(start = %run.id, "a start was taken over before it was settled; its record is left alone")
            }
            Err(error) => tracing::error!(start = %run.id, outcome = run.outcome.word(),
                error = service::chain(&error), "the outcome of a start could not be put on record"),
        }
    }

    /// How long a start may be under way.
    fn lease(&self) -> Duration {
        self.limits.start + TO_SETTLE
    }

    /// The same for one that was begun before: it is looked for, and then perhaps made again.
    pub(super) fn lease_to_resume(&self) -> Duration {
        self.limits.start * 2 + TO_SETTLE
    }
}

/// What a request was, in few letters.
fn fingerprint(body: &[u8]) -> String {
    use std::fmt::Write;

    Sha256::digest(body.trim_ascii()).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn outcome(result: &Result<StartedRun, StartError>) -> Outcome {
    let at = Timestamp::now();
    // A peer's text may hold what no database takes.
    let reason = |error: &(dyn std::error::Error + 'static)| service::chain(error).replace('\0', "\u{fffd}");
    match result {
        Ok(started) => {
            Outcome::Started { run_id: started.run_id.clone(), already_running: started.already_running, at }
        }
        Err(StartError::OutcomeUnknown { source, .. }) => Outcome::Unknown { reason: reason(source), at },
        Err(error) => {
            Outcome::NotStarted { reason: reason(std::error::Error::source(error).unwrap_or(error)), at }
        }
    }
}
