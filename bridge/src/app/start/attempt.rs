//! Carrying a start through: ask the workflow client, and where its answer is lost, find out what it did.
//!
//! A client that heeds keys is asked again under the same key, which leads to the same run. Another is never asked twice:
//! Temporal says whether the workflow has a run that began since.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use workflow_api::RunId;

use super::sighting::Sighting;
use super::{StartError, StartFault, StartedRun};
use crate::app::App;
use crate::invoke::{Accepted, Invocation, InvokeError};
use crate::run::Run;
use crate::temporal::EngineError;

/// A client that heeds keys is asked so often in the time of a start, should it stay silent.
const TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// One go at a start, within the start's time.
#[derive(Debug)]
pub(in crate::app) struct Attempt<'a> {
    app: &'a App,
    run: &'a Run,
    call: Invocation,
    deadline: Instant,
}

impl<'a> Attempt<'a> {
    /// A go at `run`, of which `call` tells the client.
    pub(in crate::app) fn new(app: &'a App, run: &'a Run, call: Invocation) -> Self {
        Self { app, run, call, deadline: Instant::now() + app.limits.start }
    }

    /// How much of the time is left.
    pub(in crate::app) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// How long a silent client is waited for, where it may be asked again.
    fn patience(&self) -> Duration {
        (self.app.limits.start / TRIES).min(self.left())
    }

    async fn invoke(&self, within: Duration) -> Result<Accepted, InvokeError> {
        self.app.invoke.invoke(&self.call, within).await
    }

    /// Starts the workflow, of which the client has not heard before.
    pub(in crate::app) async fn start(self) -> Result<StartedRun, StartError> {
        match self.ask().await {
            Ok(accepted) => Ok(self.complete(accepted).await),
            Err(error) if error.nothing_started() => Err(not_started(self.run, error)),
            Err(error) => Box::pin(self.after_lost_answer(error)).await,
        }
    }

    /// Asks once, and waits for the answer as long as there is time; but not for that of a client that may be asked again.
    async fn ask(&self) -> Result<Accepted, InvokeError> {
        let mut asked = pin!(self.invoke(self.left()));
        let patience = self.patience();
        tokio::select! {
            answer = &mut asked => return answer,
            () = sleep(patience) => {}
        }
        tokio::select! {
            answer = &mut asked => answer,
            Ok(true) = self.app.invoke.takes_keys(&self.call, self.patience()) => {
                Err(InvokeError::TimedOut { url: self.call.url.to_string(), bound: patience })
            }
        }
    }

    /// The client may have started the workflow.
    async fn after_lost_answer(self, mut error: InvokeError) -> Result<StartedRun, StartError> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.app.invoke.takes_keys(&self.call, self.patience()).await {
                Ok(true) => match self.invoke(self.patience()).await {
                    Ok(accepted) => return Ok(self.complete(accepted).await),
                    // What it refuses now it refused before.
                    Err(refusal @ InvokeError::Refused { status, .. }) if status.is_client_error() => {
                        return Err(not_started(self.run, refusal));
                    }
                    Err(next) => error = next,
                },
                Ok(false) | Err(_) => match timeout_at(self.deadline, self.app.look_for(self.run)).await {
                    Ok(Ok(Sighting::Ours(run_id) | Sighting::Since { run_id, .. })) => {
                        return Ok(self.started(run_id));
                    }
                    // Not there may mean not there yet.
                    Ok(Ok(Sighting::Earlier { .. } | Sighting::Nothing) | Err(_)) | Err(_) => {}
                },
            }
            if self.left() <= pause {
                return Err(self.unknown(StartFault::Client(error)));
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Asks a client again that heeds keys, after another attempt's answer was lost; in the time of a start, from now on.
    pub(in crate::app) async fn start_again(mut self) -> Result<StartedRun, StartError> {
        self.deadline = Instant::now() + self.app.limits.start;
        match self.invoke(self.patience()).await {
            Ok(accepted) => Ok(self.complete(accepted).await),
            Err(refusal @ InvokeError::Refused { status, .. }) if status.is_client_error() => {
                Err(not_started(self.run, refusal))
            }
            Err(error) => self.after_lost_answer(error).await,
        }
    }

    /// Whether the client heeds keys; false also where it is away.
    pub(in crate::app) async fn takes_keys(&self) -> bool {
        self.app.invoke.takes_keys(&self.call, self.patience()).await.unwrap_or_default()
    }

    /// What Temporal knows, if it says so in time.
    pub(in crate::app) async fn look(&self) -> Option<Result<Sighting, EngineError>> {
        timeout_at(self.deadline, self.app.look_for(self.run)).await.ok()
    }

    /// What the client told, completed by what Temporal knows: a client written for EMCO tells nothing.
    async fn complete(&self, accepted: Accepted) -> StartedRun {
        let workflow_id = accepted.workflow_id.unwrap_or_else(|| self.run.workflow_id.clone());
        if let Some(run_id) = accepted.run_id {
            let already_running = accepted.already_running.unwrap_or_default();
            return StartedRun { workflow_id, run_id: Some(run_id), already_running };
        }
        let told = Run { workflow_id: workflow_id.clone(), ..self.run.clone() };
        let (run_id, already_running) = match Box::pin(self.app.look_for(&told)).await {
            Ok(Sighting::Ours(run_id) | Sighting::Since { run_id, .. }) => (Some(run_id), false),
            // A workflow client takes an ID that is running for a success (EMCO-API §2.4).
            Ok(Sighting::Earlier { run_id, closed: false }) => (Some(run_id), true),
            Ok(Sighting::Earlier { .. } | Sighting::Nothing) => (None, false),
            Err(error) => {
                tracing::warn!(start = %self.run.id, error = service::chain(&error), "the run ID of a start is not known");
                (None, false)
            }
        };
        StartedRun { workflow_id, run_id, already_running }
    }

    /// Temporal has the run.
    pub(in crate::app) fn started(&self, run_id: RunId) -> StartedRun {
        StartedRun { workflow_id: self.run.workflow_id.clone(), run_id: Some(run_id), already_running: false }
    }

    /// Nobody can say.
    pub(in crate::app) fn unknown(&self, source: StartFault) -> StartError {
        StartError::OutcomeUnknown {
            intent: Box::new(self.run.intent.clone()),
            workflow_id: self.run.workflow_id.clone(),
            source,
        }
    }
}

/// The client has started nothing.
pub(in crate::app) fn not_started(run: &Run, source: InvokeError) -> StartError {
    StartError::NotStarted { intent: Box::new(run.intent.clone()), source: StartFault::Client(source) }
}
