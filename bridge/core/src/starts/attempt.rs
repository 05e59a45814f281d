//! One attempt at a start. It calls the workflow client. If the response is lost, or does not prove that
//! nothing was started, it finds out what the client did.
//!
//! A client that supports keys is called again with the same key, which leads to the same run. Any other
//! client is never called twice: the engine shows whether the workflow has a run that began since.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use heavy::heavy;
use tokio::time::{Instant, sleep, timeout_at};
use workflow_api::{RunId, WorkflowIntentSpec};

use super::admission::Retries;
use super::error::{StartError, StartedRun, not_started, unknown};
use super::sighting::{Sighting, look_for};
use crate::model::StartRecord;
use crate::parts::Parts;
use crate::ports::{Accepted, ClientError, EngineError, Invocation};
use crate::request::Cause;

/// How many times an unresponsive client that supports keys is called within the timeout of a start.
pub(super) const TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long a start may take to reach the engine after the client has responded that it failed.
const STILL_UNDER_WAY: Duration = Duration::from_secs(1);

/// Prepares the call of a start. The client gets `spec` with the recorded workflow ID.
pub(super) async fn invocation(
    parts: &Parts,
    start: &StartRecord,
    spec: &Arc<WorkflowIntentSpec>,
    cause: &Cause,
) -> Result<Invocation, ClientError> {
    let (parts, start, cause) = (parts.clone(), start.clone(), cause.clone());
    let spec = Arc::clone(spec);
    heavy(spec.temporal.size(), move || prepare(&parts, &start, &spec, &cause)).await
}

fn prepare(
    parts: &Parts,
    start: &StartRecord,
    spec: &WorkflowIntentSpec,
    cause: &Cause,
) -> Result<Invocation, ClientError> {
    let prepare = |temporal| parts.clients.prepare(&spec.workflow_client, temporal, &start.key.text, cause);
    if spec.temporal.workflow_start_options.id == start.workflow_id {
        return prepare(&spec.temporal);
    }
    let mut temporal = spec.temporal.clone();
    temporal.workflow_start_options.id = start.workflow_id.clone();
    prepare(&temporal)
}

/// One attempt at a start, within its timeout.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    parts: &'a Parts,
    start: &'a StartRecord,
    call: Invocation,
    retries: Retries,
    deadline: Instant,
}

impl<'a> Attempt<'a> {
    /// Creates an attempt at `start` with this call.
    pub(super) fn new(parts: &'a Parts, start: &'a StartRecord, call: Invocation, retries: Retries) -> Self {
        Self { parts, start, call, retries, deadline: Instant::now() + parts.limits.start }
    }

    /// Returns the time that is left.
    pub(super) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Returns how long to wait for an unresponsive client that can be called again.
    fn patience(&self) -> Duration {
        (self.parts.limits.start / TRIES).min(self.left())
    }

    async fn invoke(&self, within: Duration) -> Result<Accepted, ClientError> {
        self.parts.clients.invoke(&self.call, within).await
    }

    /// Starts the workflow. The client was not called before.
    pub(super) async fn start(self) -> Result<StartedRun, StartError> {
        self.retries.deposit();
        match self.ask().await {
            Ok(accepted) => Ok(self.complete(accepted).await),
            Err(error) if error.nothing_started() => Err(not_started(self.start, error)),
            Err(error) => {
                let lost = !error.is_final();
                Box::pin(self.after_doubt(error, lost)).await
            }
        }
    }

    /// Calls the client once. Waits for the response as long as there is time, or only for a part of it if
    /// the client can be called again.
    async fn ask(&self) -> Result<Accepted, ClientError> {
        let mut asked = pin!(self.invoke(self.left()));
        let patience = self.patience();
        tokio::select! {
            response = &mut asked => return response,
            () = sleep(patience) => {}
        }
        tokio::select! {
            response = &mut asked => response,
            Ok(true) = self.parts.clients.takes_keys(&self.call, self.patience()) => {
                Err(ClientError::TimedOut { url: self.call.url.to_string(), bound: patience })
            }
        }
    }

    /// Finds out what the client did: it may have started the workflow. `lost` is whether the client may
    /// still work on a call.
    async fn after_doubt(mut self, mut error: ClientError, mut lost: bool) -> Result<StartedRun, StartError> {
        let since = Instant::now();
        let under_way = if error.is_failure() { STILL_UNDER_WAY } else { Duration::ZERO };
        if !lost {
            self.deadline = self.deadline.min(since + self.patience());
        }
        let mut pauses = ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .without_max_times()
            .build();
        loop {
            // The engine is asked even if the client does not respond.
            let takes_keys = self.parts.clients.takes_keys(&self.call, self.patience().min(self.left() / 2));
            let takes_keys = takes_keys.await;
            if let Ok(true) = takes_keys
                && self.retries.withdraw()
            {
                match self.invoke(self.patience()).await {
                    Ok(accepted) => return Ok(self.complete(accepted).await),
                    Err(next) => {
                        lost |= !next.is_final() && !next.nothing_started();
                        error = next;
                    }
                }
            }
            let started_nothing = match lost {
                true => error.rejects_content(),
                false => since.elapsed() >= under_way,
            };
            match self.look().await {
                // The run of another start does not have the key.
                Some(Ok(Sighting::Since { reports_keys: true, .. })) if matches!(takes_keys, Ok(true)) => {}
                Some(Ok(Sighting::Ours(run_id) | Sighting::Since { run_id, .. })) => {
                    return Ok(self.started(run_id));
                }
                Some(Ok(Sighting::Earlier { .. } | Sighting::Nothing)) if started_nothing => {
                    return Err(not_started(self.start, error));
                }
                // A run that is not there may still come.
                Some(Ok(Sighting::Earlier { .. } | Sighting::Nothing) | Err(_)) | None => {}
            }
            let pause = pauses.next().unwrap_or(LONGEST_PAUSE);
            if self.left() <= pause {
                return Err(unknown(self.start, error.into()));
            }
            sleep(pause).await;
        }
    }

    /// Calls a client again that supports keys, after the response to another attempt was lost. The timeout
    /// begins now.
    pub(super) async fn start_again(mut self) -> Result<StartedRun, StartError> {
        self.deadline = Instant::now() + self.parts.limits.start;
        match self.invoke(self.patience()).await {
            Ok(accepted) => Ok(self.complete(accepted).await),
            Err(error) => self.after_doubt(error, true).await,
        }
    }

    /// Returns whether the client supports keys; false if it is away.
    pub(super) async fn takes_keys(&self) -> bool {
        self.parts.clients.takes_keys(&self.call, self.patience()).await.unwrap_or_default()
    }

    /// Returns what the engine has of the start, if it responds in time.
    pub(super) async fn look(&self) -> Option<Result<Sighting, EngineError>> {
        timeout_at(self.deadline, look_for(self.parts, self.start)).await.ok()
    }

    /// Adds data from the engine to what the client reported: a client written for EMCO reports nothing.
    async fn complete(&self, accepted: Accepted) -> StartedRun {
        let asked = &self.start.workflow_id;
        let workflow_id = accepted.workflow_id.unwrap_or_else(|| asked.clone());
        let requested_id = (workflow_id != *asked).then(|| asked.clone());
        if let Some(run_id) = accepted.run_id {
            let already_running = accepted.already_running.unwrap_or_default();
            return StartedRun { workflow_id, requested_id, run_id: Some(run_id), already_running };
        }
        let named = StartRecord { workflow_id: workflow_id.clone(), ..self.start.clone() };
        let (run_id, already_running) = match Box::pin(look_for(self.parts, &named)).await {
            Ok(Sighting::Ours(run_id) | Sighting::Since { run_id, .. }) => (Some(run_id), false),
            // To a workflow client, an ID that is already running is a success (EMCO-API §2.4).
            Ok(Sighting::Earlier { run_id, closed: false }) => (Some(run_id), true),
            Ok(Sighting::Earlier { .. } | Sighting::Nothing) => (None, false),
            Err(error) => {
                tracing::warn!(start = %self.start.id, error = workflow_api::chain(&error), "the run ID of a start could not be found out");
                (None, false)
            }
        };
        StartedRun { workflow_id, requested_id, run_id, already_running }
    }

    /// Returns the result of a start whose run the engine has.
    pub(super) fn started(&self, run_id: RunId) -> StartedRun {
        StartedRun {
            workflow_id: self.start.workflow_id.clone(),
            requested_id: None,
            run_id: Some(run_id),
            already_running: false,
        }
    }
}
