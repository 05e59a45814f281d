//! The permission for one call, and what the audit keeps of the call.

use std::time::Instant;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use workflow_api::{Caller, RunId, WorkflowId};

use super::audit::Recorder;
use super::refused::Refused;
use crate::model::{Alarm, Event, EventOutcome, Outcome, RevisionNumber, Stage, StartRecord, WorkflowRun};

/// The permission for one call. It carries the event of the call to where the call takes effect.
#[derive(Debug)]
pub struct Permit {
    event: Box<Event>,
    recorder: Recorder,
    began: Instant,
}

impl Permit {
    pub(super) fn new(event: Event, recorder: Recorder) -> Self {
        Self { event: Box::new(event), recorder, began: Instant::now() }
    }

    /// Adds the caller's idempotency key. Only its hash is kept.
    pub(crate) fn keyed(&mut self, key: &str) {
        self.event.idempotency_key_hash = Some(format!("{:x}", Sha256::digest(key)));
    }

    /// Adds the schedule that the call is about.
    pub(crate) fn about_schedule(&mut self, name: &str) {
        name.clone_into(&mut self.event.object.schedule);
    }

    /// Adds the rule that the call is about.
    pub(crate) fn about_rule(&mut self, name: &str) {
        name.clone_into(&mut self.event.object.rule);
    }

    /// Records that the answer has payloads, before they are read.
    pub(crate) async fn reveal(&self) -> Result<(), Refused> {
        let event = Event { outcome: EventOutcome::Allowed, ..(*self.event).clone() };
        self.recorder.record(&event).await.map_err(Refused::Unrecorded)
    }

    /// Returns the event of a change of an intent, for the transaction of the change.
    pub(crate) fn changed(&self, intent: &str, revision: RevisionNumber) -> Event {
        let mut event = self.ended(EventOutcome::Succeeded);
        intent.clone_into(&mut event.object.intent);
        event.object.revision = Some(revision.get());
        event
    }

    /// Returns the event of a change of a rule, for the transaction of the change.
    pub(crate) fn changed_rule(&self, revision: RevisionNumber) -> Event {
        let mut event = self.ended(EventOutcome::Succeeded);
        event.object.revision = Some(revision.get());
        event
    }

    /// Returns the event of a change of an alarm, for the transaction of the change.
    pub(crate) fn changed_alarm(&self, alarm: &Alarm) -> Event {
        let mut event = self.ended(EventOutcome::Succeeded);
        event.object = alarm.object.of_event();
        alarm.id.as_str().clone_into(&mut event.object.alarm_id);
        event
    }

    /// Returns the event of a change that is described by its action, for the transaction of the change.
    pub(crate) fn succeeded(&self) -> Event {
        self.ended(EventOutcome::Succeeded)
    }

    /// Makes a call about a run that leaves the bridge, as [`outward_about`](Self::outward_about).
    pub(crate) async fn outward<T, E>(
        mut self,
        run: &WorkflowRun,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<Result<T, E>, Refused> {
        run.workflow_id.as_str().clone_into(&mut self.event.object.workflow_id);
        run.run_id.as_str().clone_into(&mut self.event.object.run_id);
        self.outward_about(call).await
    }

    /// Makes a call that leaves the bridge. Records it before, and records its outcome, also if the caller
    /// hangs up.
    pub(crate) async fn outward_about<T, E>(
        self,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<Result<T, E>, Refused> {
        let mut trail = self.trail();
        // Also a caller that hangs up now leaves an outcome.
        trail.open();
        if let Err(error) = trail.permit.recorder.record(trail.received()).await {
            trail.open = false;
            return Err(Refused::Unrecorded(error));
        }
        let result = call.await;
        let outcome = if result.is_ok() { EventOutcome::Succeeded } else { EventOutcome::Failed };
        trail.end(outcome).await;
        Ok(result)
    }

    /// Returns the trail of a start, whose first event the store writes.
    pub(crate) fn start(mut self, start: &StartRecord) -> Trail {
        let object = &mut self.event.object;
        object.start_id = start.id.to_string();
        object.revision = Some(start.revision);
        self.trail()
    }

    fn trail(mut self) -> Trail {
        (self.event.stage, self.event.outcome) = (Stage::Received, EventOutcome::Pending);
        Trail { permit: self, open: false }
    }

    fn ended(&self, outcome: EventOutcome) -> Event {
        let took = self.began.elapsed();
        let at = self.event.at.checked_add(took).unwrap_or(Timestamp::MAX);
        let took_ms = Some(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        Event { stage: Stage::Complete, at, took_ms, outcome, ..(*self.event).clone() }
    }
}

/// A call that leaves the bridge. Its first event is written before, its last one when the outcome is known. If it is
/// dropped in between, the outcome is unknown.
#[derive(Debug)]
pub(crate) struct Trail {
    permit: Permit,
    /// Whether the first event is written, and the last one is not.
    open: bool,
}

impl Trail {
    /// Returns the first event.
    pub(crate) fn received(&self) -> &Event {
        &self.permit.event
    }

    /// Returns the caller, for the workflow that a start leads to.
    pub(crate) fn caller(&self) -> Caller {
        let Event { id, actor, .. } = self.received();
        Caller::new(&actor.name, actor.kind.clone(), &actor.issuer).with_audit_id(id.as_str())
    }

    /// Notes that the first event is written.
    pub(crate) fn open(&mut self) {
        self.open = true;
    }

    /// Returns whether the last event is still to be written.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// Adds the run that a start led to.
    pub(crate) fn led_to(&mut self, workflow_id: &WorkflowId, run_id: Option<&RunId>) {
        let object = &mut self.permit.event.object;
        workflow_id.as_str().clone_into(&mut object.workflow_id);
        run_id.map(RunId::as_str).unwrap_or_default().clone_into(&mut object.run_id);
    }

    /// Returns the last event of a start, for the transaction that settles it.
    pub(crate) fn settled(&mut self, start: &StartRecord) -> Event {
        self.open = false;
        self.permit.event.object.start_id = start.id.to_string();
        self.led_to(&start.workflow_id, start.outcome.run_id());
        self.permit.ended(match start.outcome {
            Outcome::Started { .. } => EventOutcome::Succeeded,
            Outcome::NotStarted { .. } => EventOutcome::Failed,
            Outcome::Starting | Outcome::Unknown { .. } => EventOutcome::Unknown,
        })
    }

    /// Writes the last event, also if the caller hangs up meanwhile.
    pub(crate) async fn end(mut self, outcome: EventOutcome) {
        self.open = false;
        let written = self.permit.recorder.record_later(self.permit.ended(outcome));
        // A panic was logged by the task itself.
        let _ = written.await;
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        // Without a runtime the process has ended, and the first event is all there is.
        if self.open && Handle::try_current().is_ok() {
            drop(self.permit.recorder.record_later(self.permit.ended(EventOutcome::Unknown)));
        }
    }
}
