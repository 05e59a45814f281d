//! The gate that every use case passes before it does anything.

mod action;
mod audit;
mod denials;
mod gate;
mod permit;
mod refused;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, timeout};
use workflow_api::WorkflowIntentSpec;

pub use action::{Action, Group, Resource};
pub use audit::AuditOptions;
use audit::{Recorder, event, event_about, log};
pub use gate::{Gate, Ground, Named, Open, Visible};
pub use permit::Permit;
pub(crate) use permit::Trail;
pub use refused::{Denied, Refused};

use self::gate::NamesOf;
pub(crate) use self::gate::client_named;
use crate::clock::Clock;
use crate::model::{DigKey, Event, EventObject, EventOutcome, IntentKey, StartRecord};
use crate::ports::Audit;
use crate::request::Request;

/// How often a call that lasts finds out whether rights have changed.
const AGAIN: Duration = Duration::from_secs(1);
/// How often the gate is asked again although they have not: policies can depend on the time.
const ANYHOW: Duration = Duration::from_secs(60);

/// The gate and the audit together, as use cases call them.
#[derive(Debug, Clone)]
pub struct Access {
    gate: Arc<dyn Gate>,
    recorder: Recorder,
}

impl Access {
    /// Combines a gate and an audit.
    #[must_use]
    pub fn new(gate: Arc<dyn Gate>, audit: Arc<dyn Audit>, options: AuditOptions) -> Self {
        Self { gate, recorder: Recorder::new(audit, options) }
    }

    /// Asks the gate whether a request is allowed. Records a denial, and a read that the audit has. A change
    /// is recorded with the permit.
    ///
    /// # Errors
    /// Returns an error if the gate denies it, or if a read cannot be recorded.
    pub async fn authorize(
        &self,
        request: &Request,
        action: Action,
        resource: Resource<'_>,
    ) -> Result<Permit, Refused> {
        let decided = self.gate.decide(request, action, &resource);
        self.permit(request, action, resource, decided).await
    }

    async fn permit(
        &self,
        request: &Request,
        action: Action,
        resource: Resource<'_>,
        decided: Result<Ground, String>,
    ) -> Result<Permit, Refused> {
        log(request, action, resource, decided.as_ref().err().map(String::as_str));
        if let Err(reason) = decided {
            return Err(self.denied(request, action, resource, reason).await);
        }
        let permit = Permit::new(event(request, action, resource), self.recorder.clone());
        if !action.changes() && self.recorder.records(action) {
            permit.reveal().await?;
        }
        Ok(permit)
    }

    /// Asks the gate whether a request is allowed for anything at all. Each item is a question of its own then.
    ///
    /// # Errors
    /// Returns an error if the gate denies it, or if a read cannot be recorded.
    pub(crate) async fn authorize_somewhere(
        &self,
        request: &Request,
        action: Action,
    ) -> Result<Permit, Refused> {
        let decided = self.gate.somewhere(request, action);
        self.permit(request, action, Resource::Bridge, decided).await
    }

    /// Asks for an action, and for others that the request needs too, until one is denied. Returns the permit for
    /// the first.
    ///
    /// # Errors
    /// Returns an error for the first action that the gate denies, or if a read cannot be recorded.
    pub async fn authorize_with(
        &self,
        request: &Request,
        action: Action,
        others: &[Action],
        resource: Resource<'_>,
    ) -> Result<Permit, Refused> {
        let permit = self.authorize(request, action, resource).await?;
        for other in others {
            self.authorize(request, *other, resource).await?;
        }
        Ok(permit)
    }

    /// Asks the gate whether the caller may write an intent that names these clients, task queues and workflows.
    /// Records a denial only, because the action itself was recorded before.
    ///
    /// # Errors
    /// Returns an error if the gate denies it.
    pub(crate) async fn may_write(
        &self,
        request: &Request,
        action: Action,
        key: &IntentKey,
        spec: &WorkflowIntentSpec,
    ) -> Result<(), Refused> {
        for named in NamesOf::new(spec).each() {
            self.may_name(request, action, key, &named).await?;
        }
        Ok(())
    }

    /// Asks the gate whether the caller may name this. Records a denial only.
    ///
    /// # Errors
    /// Returns an error if the gate denies it.
    pub(crate) async fn may_name(
        &self,
        request: &Request,
        action: Action,
        key: &IntentKey,
        named: &Named<'_>,
    ) -> Result<(), Refused> {
        let resource = Resource::Intent(key);
        let Err(reason) = self.gate.may_name(request, action, &resource, named) else { return Ok(()) };
        log(request, action, resource, Some(&reason));
        Err(self.denied(request, action, resource, reason).await)
    }

    /// Returns whether the gate allows it now. Records nothing.
    ///
    /// # Errors
    /// Returns the reason for a denial.
    pub(crate) fn would_allow(
        &self,
        request: &Request,
        action: Action,
        resource: Resource<'_>,
    ) -> Result<Ground, String> {
        self.gate.decide(request, action, &resource)
    }

    /// Returns whether the gate allows it for anything at all. Records nothing.
    pub(crate) fn would_allow_somewhere(&self, request: &Request, action: Action) -> bool {
        let decided = if action.is_of_bridge() {
            self.gate.decide(request, action, &Resource::Bridge)
        } else {
            self.gate.somewhere(request, action)
        };
        decided.is_ok()
    }

    /// Returns which of these intents of one group the gate allows it for. Records nothing.
    pub(crate) fn would_allow_each(
        &self,
        request: &Request,
        action: Action,
        intents: &[IntentKey],
    ) -> Vec<bool> {
        self.gate.allows_each(request, action, intents)
    }

    /// Returns whether the gate allows the caller to name this. Records nothing.
    ///
    /// # Errors
    /// Returns the reason for a denial.
    pub(crate) fn would_allow_name(
        &self,
        request: &Request,
        action: Action,
        key: &IntentKey,
        named: &Named<'_>,
    ) -> Result<Ground, String> {
        self.gate.may_name(request, action, &Resource::Intent(key), named)
    }

    /// Waits for `work` as long as the gate allows these actions: it is asked again after a second, within a second
    /// after the rights have changed, and each minute. Records nothing.
    ///
    /// # Errors
    /// Returns the first action that the gate no longer allows, and the reason.
    pub(crate) async fn while_allowed<T>(
        &self,
        request: &Request,
        actions: &[Action],
        resource: Resource<'_>,
        clock: &dyn Clock,
        work: impl Future<Output = T>,
    ) -> Result<T, (Action, String)> {
        let mut work = pin!(work);
        let mut asked = None;
        loop {
            if let Ok(done) = timeout(AGAIN, work.as_mut()).await {
                return Ok(done);
            }
            let edition = self.gate.edition();
            if asked.is_some_and(|(at, before): (Instant, _)| before == edition && at.elapsed() < ANYHOW) {
                continue;
            }
            asked = Some((Instant::now(), edition));
            let request = Request { now: clock.now(), ..request.clone() };
            for action in actions {
                self.would_allow(&request, *action, resource).map_err(|reason| (*action, reason))?;
            }
        }
    }

    /// Returns the intents of a group among which are all that the caller may see.
    pub(crate) fn visible(&self, request: &Request, dig: &DigKey) -> Visible {
        self.gate.visible(request, dig)
    }

    /// Records a denial, and returns it.
    pub(crate) async fn denied(
        &self,
        request: &Request,
        action: Action,
        resource: Resource<'_>,
        reason: String,
    ) -> Refused {
        let event = event(request, action, resource);
        let denied = Event { outcome: EventOutcome::Denied, reason: Some(reason.clone()), ..event };
        self.recorder.denied(denied).await;
        let (actor, resource) = (request.actor.to_string(), resource.to_string());
        Denied { actor, action, resource, reason }.into()
    }

    /// Returns the event of a login or a logout, which needs no right.
    pub(crate) fn of_a_session(&self, request: &Request, verb: &str) -> Event {
        let event = event_about(request, verb, EventObject::default());
        Event { outcome: EventOutcome::Succeeded, ..event }
    }

    /// Records that a login was refused.
    pub(crate) async fn no_session(&self, request: &Request, verb: &str, reason: &str) {
        let event = event_about(request, verb, EventObject::default());
        let event = Event { outcome: EventOutcome::Denied, reason: Some(reason.to_owned()), ..event };
        self.recorder.denied(event).await;
    }

    /// Returns the trail of a start that the bridge completes by itself. Its first event is that of the call.
    pub(crate) fn recovery(&self, start: &StartRecord, now: Timestamp) -> Trail {
        let object = EventObject::intent(&start.intent);
        let event = Event {
            id: start.id.to_string().into(),
            ..Event::of_the_bridge(Action::Start.word(), object, now)
        };
        Permit::new(event, self.recorder.clone()).start(start)
    }
}
