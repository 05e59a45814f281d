//! Use cases that start workflows. A start is recorded before the workflow client is called, settled before
//! the caller gets a response, and completed even if the caller hangs up. Calls with one idempotency key are
//! one start.

mod admission;
mod attempt;
mod error;
mod measure;
mod order;
mod recovery;
mod resume;
mod settle;
mod sighting;

use std::sync::Arc;

use futures::future::join;
use tokio::task::yield_now;
use workflow_api::{StartOverrides, TemporalSpec, WorkflowIntentSpec};

use self::admission::{Admission, Admitted, Retries};
use self::attempt::{Attempt, TRIES, invocation};
use self::order::Order;
use crate::access::{Action, Named, Refused, Resource, Trail};
use crate::lookup::{IntentError, Lookup};
use crate::model::{IntentKey, Outcome, RUN_NUMBER, RevisionNumber, StartId, StartKey, StartRecord};
use crate::parts::Parts;
use crate::ports::{Begun, ClientError, Invocation, Terms};
use crate::request::{Cause, Request};
use error::not_started;
pub use error::{StartError, StartFault, StartedRun};
pub use measure::STARTS;

/// Use cases that start workflows.
#[derive(Debug, Clone)]
pub struct Starts {
    parts: Parts,
    lookup: Lookup,
    admission: Admission,
}

/// The options of a start.
#[derive(Debug, Clone, Default)]
pub struct StartOrder {
    /// Changes to the intent for this start.
    pub overrides: StartOverrides,
    /// The caller's idempotency key, if there is one.
    pub key: Option<StartKeyRequest>,
    /// The revision of the intent; `None` for the latest.
    pub revision: Option<RevisionNumber>,
}

/// A caller's idempotency key: calls with one key are one start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartKeyRequest {
    /// The key.
    pub text: String,
    /// A hash of the request. Another request with the same key is rejected.
    pub fingerprint: String,
}

/// The result of a call to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartReport {
    /// The run.
    pub run: StartedRun,
    /// Whether an earlier call with the same key started it.
    pub repeated: bool,
}

/// The request that a start would send to the workflow client.
#[derive(Debug, Clone, PartialEq)]
pub struct StartPreview {
    /// The URL.
    pub url: String,
    /// The body.
    pub body: TemporalSpec,
}

impl Starts {
    pub(crate) fn new(parts: Parts) -> Self {
        let lookup = Lookup::new(parts.store.clone());
        Self { parts, lookup, admission: Admission::default() }
    }

    /// Starts the workflow of an intent once. If an earlier call with the same key started it, returns the
    /// same result. If that call failed, or its outcome is not known, completes the start now.
    ///
    /// # Errors
    /// Returns an error if the order is not valid, or if the workflow client did not accept the start, or may
    /// not have accepted it.
    pub async fn start(
        &self,
        request: &Request,
        key: &IntentKey,
        order: StartOrder,
    ) -> Result<StartReport, StartError> {
        let mut permit = self.parts.access.authorize(request, Action::Start, Resource::Intent(key)).await?;
        self.may_override(request, Action::Start, key, &order.overrides).await?;
        let kept = self.lookup.kept_at(key, order.revision).await?;
        let wanted = Order::new(kept, order.overrides).await;
        let wanted = wanted.map_err(StartError::Unsound)?;
        let id = StartId::new();
        let start = StartRecord {
            id,
            intent: key.clone(),
            number: 0,
            revision: wanted.revision.get(),
            workflow_id: wanted.spec.temporal.workflow_start_options.id.clone(),
            requested_id: None,
            key: match order.key {
                Some(StartKeyRequest { text, fingerprint }) => {
                    StartKey { text, fingerprint: Some(fingerprint) }
                }
                None => StartKey { text: id.to_string(), fingerprint: None },
            },
            started_by: request.actor.label().to_owned(),
            requested_at: request.now,
            attempt: 0,
            outcome: Outcome::Starting,
        };
        let patience = self.parts.limits.start / TRIES;
        let admitted = self.admission.enter(&wanted.spec.workflow_client, &start.workflow_id, patience).await;
        let admitted = admitted.ok_or_else(|| StartError::TooMany(key.clone()))?;
        if start.key.fingerprint.is_some() {
            permit.keyed(&start.key.text);
        }
        let mut trail = permit.start(&start);
        let cause = Cause { correlation: request.correlation.clone(), caller: Some(trail.caller()) };
        let starts = self.clone();
        let work = self.parts.tasks.spawn(async move {
            let result = starts.begin(start, wanted, &cause, &admitted, &mut trail).await;
            if trail.is_open() {
                if let Ok((run, _)) = &result {
                    trail.led_to(&run.workflow_id, run.run_id.as_ref());
                }
                trail.end(error::event_outcome(&result)).await;
            }
            result
        });
        let (run, repeated) = work.await.unwrap_or_else(|_| Err(StartError::BrokenOff(key.clone())))?;
        Ok(StartReport { run, repeated })
    }

    /// Returns the request that a start would send to the workflow client. Sends and stores nothing.
    ///
    /// # Errors
    /// Returns an error if the intent does not exist, or the overrides are not valid.
    pub async fn preview(
        &self,
        request: &Request,
        key: &IntentKey,
        overrides: StartOverrides,
    ) -> Result<StartPreview, StartError> {
        self.parts.access.authorize(request, Action::PreviewStart, Resource::Intent(key)).await?;
        self.may_override(request, Action::PreviewStart, key, &overrides).await?;
        let order = Order::new(self.lookup.kept(key).await?, overrides).await;
        let mut spec = Arc::unwrap_or_clone(order.map_err(StartError::Unsound)?.spec);
        let id = &mut spec.temporal.workflow_start_options.id;
        if id.as_str().contains(RUN_NUMBER) {
            let latest = self.parts.store.starts(key, None, 1).await.map_err(IntentError::Store)?;
            let next = latest.first().map_or(0, |start| start.number) + 1;
            *id = id.as_str().replace(RUN_NUMBER, &next.to_string()).into();
        }
        let prepared =
            self.parts.clients.prepare(&spec.workflow_client, &spec.temporal, "", &Cause::default());
        let call = prepared.map_err(|error| StartError::NotStarted {
            intent: Box::new(key.clone()),
            source: error.into(),
        })?;
        Ok(StartPreview { url: call.url.into(), body: spec.temporal })
    }

    /// Checks that the caller may name what `overrides` name.
    pub(crate) async fn may_override(
        &self,
        request: &Request,
        action: Action,
        key: &IntentKey,
        overrides: &StartOverrides,
    ) -> Result<(), Refused> {
        let StartOverrides { workflow_id, activity_params: _ } = overrides;
        let named = Named { workflow: Some(workflow_id.as_str()), ..Named::default() };
        if workflow_id.is_empty() {
            Ok(())
        } else {
            self.parts.access.may_name(request, action, key, &named).await
        }
    }

    /// Completes abandoned starts, also those of other replicas, until the process drains. Deletes expired
    /// keys as well.
    pub async fn recover_abandoned(&self) {
        recovery::run(&self.parts).await;
    }

    /// Records a new start, or finds the one with the same key. Returns whether it found one.
    async fn begin(
        &self,
        start: StartRecord,
        order: Order,
        cause: &Cause,
        admitted: &Admitted,
        trail: &mut Trail,
    ) -> Result<(StartedRun, bool), StartError> {
        let limits = &self.parts.limits;
        let terms = Terms { lease: settle::lease(limits), key_kept: limits.key_kept };
        // The call is prepared while the disk is busy.
        let (begun, call) = join(
            self.parts.store.begin_start(&start, order.own_spec(), terms, Some(trail.received())),
            self.early_invocation(&start, &order.spec, cause),
        )
        .await;
        let begun = begun.map_err(StartError::NotRecorded)?;
        trail.open();
        match begun {
            Begun::New(start) => {
                let call = match call {
                    Some(call) => call,
                    None => invocation(&self.parts, &start, &order.spec, cause).await,
                };
                Ok((self.carry_through(start, call, admitted.retries(), trail).await?, false))
            }
            Begun::Known(known) if known.key.fingerprint != start.key.fingerprint => {
                Err(StartError::KeyReused(known.intent))
            }
            // Boxed: this is rare, and would otherwise enlarge every start.
            Begun::Known(known) => Box::pin(self.repeat(known, start, order, cause, admitted, trail)).await,
        }
    }

    /// Responds to a call whose key is known. `known` is the recorded start, `start` is the one of this call.
    async fn repeat(
        &self,
        known: StartRecord,
        start: StartRecord,
        order: Order,
        cause: &Cause,
        admitted: &Admitted,
        trail: &mut Trail,
    ) -> Result<(StartedRun, bool), StartError> {
        let (store, limits) = (&self.parts.store, &self.parts.limits);
        let in_flight = || StartError::InFlight(known.intent.clone());
        match known.outcome {
            Outcome::Started { run_id, already_running, .. } => {
                let StartRecord { workflow_id, requested_id, .. } = known;
                return Ok((StartedRun { workflow_id, requested_id, run_id, already_running }, true));
            }
            Outcome::NotStarted { .. } => {}
            Outcome::Starting | Outcome::Unknown { .. } => {
                let taken = store.take_over(known.id, settle::lease_to_resume(limits)).await;
                let (mut taken, spec) = taken.map_err(IntentError::Store)?.ok_or_else(in_flight)?;
                let result =
                    resume::resume(&self.parts, &taken, &spec, &cause.correlation, admitted.retries()).await;
                // It is the outcome of the call that began this start.
                let mut earlier = self.parts.access.recovery(&taken, self.parts.clock.now());
                match settle::close_again(&self.parts, &mut taken, result, &mut earlier).await {
                    // The start can be tried again.
                    Err(StartError::NotStarted { source: StartFault::BrokenOff(_), .. }) => {}
                    result => return Ok((result?, true)),
                }
            }
        }
        let again = StartRecord { id: known.id, ..start };
        let begun = store.begin_again(&again, order.own_spec(), settle::lease(limits)).await;
        let start = begun.map_err(StartError::NotRecorded)?.ok_or_else(in_flight)?;
        let call = invocation(&self.parts, &start, &order.spec, cause).await;
        Ok((self.carry_through(start, call, admitted.retries(), trail).await?, false))
    }

    /// Makes a start that has not been sent to the workflow client yet.
    async fn carry_through(
        &self,
        mut start: StartRecord,
        call: Result<Invocation, ClientError>,
        retries: Retries,
        trail: &mut Trail,
    ) -> Result<StartedRun, StartError> {
        let result = match call {
            Ok(call) => Attempt::new(&self.parts, &start, call, retries).start().await,
            Err(error) => Err(not_started(&start, error)),
        };
        settle::close(&self.parts, &mut start, result, trail).await
    }

    /// Prepares the call of a start after other tasks have had their turn. Returns `None` if the call depends
    /// on the number that the store assigns.
    async fn early_invocation(
        &self,
        start: &StartRecord,
        spec: &Arc<WorkflowIntentSpec>,
        cause: &Cause,
    ) -> Option<Result<Invocation, ClientError>> {
        if start.workflow_id.as_str().contains(RUN_NUMBER) {
            return None;
        }
        yield_now().await;
        Some(invocation(&self.parts, start, spec, cause).await)
    }
}
